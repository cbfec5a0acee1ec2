"""What goes wrong on demand: refusals, answers that get lost, answers that are held until the test lets go.

A fault waits for a call of its method (and chat), serves as often as `times` says, and is gone.
"""

import asyncio
from dataclasses import dataclass, field

from bot.channels.telegram.sandbox.answers import ApiError, bad_request, forbidden, migrated, too_many_requests

KINDS = ("429", "403", "400", "500", "502", "migrate", "drop", "hold", "hold_before")


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that will go wrong.

    `drop`: done, then the line is cut without an answer. `hold`: done, the answer waits for `release`. `hold_before`: neither done
    nor answered until `release`, and never done when the caller has gone by then. The others refuse without doing anything.
    `method` "*" means any but getUpdates; `chat` None any chat;
    the first `after` such calls go well.
    """

    kind: str
    method: str = "*"
    chat: int | None = None
    times: int = 1
    after: int = 0
    retry_after: int = 1
    new_chat: int = 0
    description: str = ""
    released: asyncio.Event = field(default_factory=asyncio.Event)
    held: int = 0

    def refusal(self) -> ApiError | None:
        """The answer of a refusing fault; None for one that lets the call through."""
        match self.kind:
            case "429":
                return too_many_requests(self.retry_after)
            case "403":
                return forbidden(self.description or "bot was blocked by the user")
            case "400":
                return bad_request(self.description or "chat not found")
            case "migrate":
                return migrated(self.new_chat)
            case "500" | "502":
                return ApiError(int(self.kind), self.description or {"500": "Internal Server Error", "502": "Bad Gateway"}[self.kind])
            case _:
                return None


class Faults:
    """The faults that are set, in the order they were set."""

    def __init__(self) -> None:
        self.waiting: list[Fault] = []
        self._holding: list[Fault] = []

    def add(self, fault: Fault) -> None:
        if fault.kind not in KINDS:
            raise ApiError(404, f"no such fault: {fault.kind}; there are {', '.join(KINDS)}")
        self.waiting.append(fault)

    def take(self, method: str, chat: object) -> Fault | None:
        """The first fault meant for this call, one serving used up."""
        for fault in self.waiting:
            if fault.method in (method, "*") and (fault.method != "*" or method != "getUpdates") and fault.chat in (None, chat):
                if fault.after > 0:
                    fault.after -= 1
                    continue
                fault.times -= 1
                if fault.times < 1:
                    self.waiting.remove(fault)
                return fault
        return None

    async def hold(self, fault: Fault) -> None:
        self._holding.append(fault)
        fault.held += 1
        try:
            await fault.released.wait()
        finally:
            self._holding.remove(fault)

    @property
    def holding(self) -> int:
        """How many answers are being held right now."""
        return len(self._holding)

    def release(self) -> None:
        """Let every held answer go and forget the faults that are still waiting."""
        for fault in [*self._holding, *self.waiting]:
            fault.released.set()
        self.waiting.clear()
