"""Delivery by webhook: one update at a time in order, with the secret header, again until the bot answers 2xx."""

import asyncio

import aiohttp

from bot.channels.telegram.sandbox.updates import UpdateQueue

_ANSWER_WITHIN = aiohttp.ClientTimeout(total=60)
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 5.0


async def deliver(updates: UpdateQueue) -> None:
    """Run until cancelled; sleeps while no webhook is set or nothing waits."""
    pause = _FIRST_PAUSE
    async with aiohttp.ClientSession(timeout=_ANSWER_WITHIN) as session:
        while True:
            if not (updates.webhook_url and updates.pending):
                updates.arrived.clear()
                await updates.arrived.wait()
                continue
            update = updates.pending[0]
            url = updates.webhook_url
            if not (trouble := await _trouble(session, url, updates.webhook_secret, update)):
                updates.confirm_below(update["update_id"] + 1)
                pause = _FIRST_PAUSE
            elif url == updates.webhook_url:
                updates.webhook_failed(trouble)
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


async def _trouble(session: aiohttp.ClientSession, url: str, secret: str, update: object) -> str:
    """Empty when the bot took it; else what getWebhookInfo shows, in the real server's words."""
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
    try:
        async with session.post(url, json=update, headers=headers) as answer:
            return "" if 200 <= answer.status < 300 else f"Wrong response from the webhook: {answer.status} {answer.reason}"
    except TimeoutError:
        return "Read timeout expired"
    except aiohttp.ClientError:
        return "Connection refused"
