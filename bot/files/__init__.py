"""Files that people send: where their bytes are kept, what they may be called, how large and how many they may be.

Standard library only, and no event loop: a parsing process keeps files with it just as the service does.
"""

from bot.files.limits import MEGABYTE, FileLimits
from bot.files.names import safe_name
from bot.files.shelf import PREFIX, Shelf, digest_of

__all__ = ["MEGABYTE", "PREFIX", "FileLimits", "Shelf", "digest_of", "safe_name"]
