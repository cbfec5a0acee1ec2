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
            if await _accepted(session, updates.webhook_url, updates.webhook_secret, update):
                updates.confirm_below(update["update_id"] + 1)
                pause = _FIRST_PAUSE
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, _LONGEST_PAUSE)


async def _accepted(session: aiohttp.ClientSession, url: str, secret: str, update: object) -> bool:
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
    try:
        async with session.post(url, json=update, headers=headers) as answer:
            return 200 <= answer.status < 300
    except (aiohttp.ClientError, TimeoutError):
        return False
