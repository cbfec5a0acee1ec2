"""What the inner rings need from a store, as protocols. `bot.storage` implements them twice: SQLAlchemy and memory.

How a transaction works, whoever implements it:

* `async with storage.write() as uow:` opens ONE transaction; leaving without `await uow.commit()` rolls everything back.
* `add` and `save` are buffered (plain calls, no await): they reach the database at the next read of the same unit of work or at commit,
  many rows in one statement. What was added or saved is what `get` returns afterwards in the same unit of work.
* `get` of a ticket or clock inside `write()` locks the row until the end (PostgreSQL `FOR UPDATE`; SQLite has one writer anyway).
* `storage.read()` gives the same repositories for reading; `commit()` there is an error.
* All instants are aware UTC. Repositories never commit and never ask for the time.
"""

from bot.ports.canned import CannedAnswers
from bot.ports.clocks import Clocks, Closures
from bot.ports.duty import Duty
from bot.ports.files import Files, TicketFile, WantedFile
from bot.ports.inbox import ChannelDay, Disposition, Inbox, InboxItem, InboxResult, Quarantined, RawEvent, SetAside
from bot.ports.opinion import Question, Reader
from bot.ports.outbox import Outbox
from bot.ports.people import People
from bot.ports.state import State
from bot.ports.tickets import QueueFilter, QueueRow, Standing, Tickets
from bot.ports.unit_of_work import Storage, UnitOfWork

__all__ = [
    "CannedAnswers",
    "ChannelDay",
    "Clocks",
    "Closures",
    "Disposition",
    "Duty",
    "Files",
    "Inbox",
    "InboxItem",
    "InboxResult",
    "Outbox",
    "People",
    "Quarantined",
    "Question",
    "QueueFilter",
    "QueueRow",
    "RawEvent",
    "Reader",
    "SetAside",
    "Standing",
    "State",
    "Storage",
    "TicketFile",
    "Tickets",
    "UnitOfWork",
    "WantedFile",
]
