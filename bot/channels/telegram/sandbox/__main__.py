"""`python -m bot.channels.telegram.sandbox --port N`: the sandbox as its own process, so that it outlives the bot it serves."""

import argparse
import asyncio
import signal

from bot.channels.telegram.sandbox.server import DEFAULT_TOKEN, Sandbox


async def _serve(token: str, port: int, limits: bool) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    async with Sandbox(token=token, port=port, limits=limits) as sandbox:
        print(f"Bot API and chat page: {sandbox.base_url}  token: {token}", flush=True)
        await stopped.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description="A strict local Bot API server.")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    parser.add_argument("--token", default=DEFAULT_TOKEN)
    parser.add_argument("--limits", action="store_true", help="enforce Telegram's flood limits with 429")
    arguments = parser.parse_args()
    asyncio.run(_serve(arguments.token, arguments.port, arguments.limits))


if __name__ == "__main__":
    main()
