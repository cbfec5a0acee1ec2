"""A strict local Bot API server: what Telegram would do, on loopback, with faults on demand. Knows nothing of the bot it serves."""

from bot.channels.telegram.sandbox.control import Remote
from bot.channels.telegram.sandbox.faults import Fault
from bot.channels.telegram.sandbox.server import DEFAULT_TOKEN, Sandbox

__all__ = ["DEFAULT_TOKEN", "Fault", "Remote", "Sandbox"]
