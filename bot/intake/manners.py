"""When a machine may write a letter (RFC 3834): never to whoever forbids it, never many to one, never a storm, never to another machine
that answers us without saying that it is one. The counters are the outbox itself, so a restart forgets nothing.

Chats need no manners: what is said there was asked for there.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot import notices
from bot.clock import Clock
from bot.errors import BotError
from bot.intake.subjects import bare_subject
from bot.model import Delivery, InboundMessage, MessageKind, Route, Ticket
from bot.ports import UnitOfWork

# What one address, and all addresses together, may get from a machine.
LETTERS_PER_HOUR = 3
LETTERS_PER_DAY = 10
ALL_LETTERS_PER_HOUR = 200
# So soon after a letter of ours a desk's address answers like a machine.
DESK_ANSWERS_WITHIN = timedelta(minutes=10)
ANSWERS_WITHIN = timedelta(hours=1)
_LAST_LETTERS = 5
_LAST_TICKETS = 3
# Shorter words are said twice by people too («Не друкує принтер номер 2»).
_SHORTEST_ECHO = 60

# Marks sentences for the catalogue; they are looked up when they are shown.
_ = str

FORBIDDEN = _("відправник не приймає автоматичних листів")
LIMITED = _("обмеження автоматичних листів")
SAME_WORDS = _("той самий текст, що й раніше: схоже на автовідповідь")
ANSWERS_US = _("відповідь на наш автоматичний лист без посилання на нього: схоже на автовідповідь")
ANSWERS_AT_ONCE = _("адреса іншої служби відповіла одразу після нашого листа: схоже на автовідповідь")
_DESK = re.compile(
    r"^(?:support|help(?:desk)?|hotline|service(?:-?desk)?|(?:it-?)?desk|tickets?|requests?|care|customer-?(?:care|service)|sd|robot|bot"
    r"|zayavk[ay]|pidtrymka|podderzhka|dopomoga)(?:[-+._]\w+)*@",
    re.I,
)
_ANSWERED = re.compile(
    r"^\W*(?:re|aw|відп|відповідь|на|ответ|auto\w*|автовідповідь|автоответ)\b\s*(?:\[\d+\])?\s*[.:]|^\W*\[[^\]]{2,60}\]", re.I
)
_VARYING = re.compile(r"[\d\W_]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """See the module. `staff` hears when the breaker for all letters stopped them, once an hour."""

    clock: Clock
    staff: Sequence[Route] = ()

    async def objection(self, uow: UnitOfWork, route: Route, inbound: InboundMessage, *, opened: Sequence[Ticket] = ()) -> str:
        """Why no automatic letter may go to this route because of this message; "" when it may. `opened` are the tickets that it opened:
        a machine's answer to us may look like a new request."""
        if route.channel != "mail":
            return ""
        if inbound.letter.get("no_automatic"):
            return FORBIDDEN
        now = self.clock.now()
        in_a_day = await uow.outbox.count_automatic(since=now - timedelta(days=1), route=route)
        if in_a_day:
            in_an_hour = await uow.outbox.count_automatic(since=now - timedelta(hours=1), route=route)
            if in_an_hour >= LETTERS_PER_HOUR or in_a_day >= LETTERS_PER_DAY:
                return LIMITED
            if opened and (echo := await self._echo(uow, route, inbound, opened, now)):
                return echo
        if await uow.outbox.count_automatic(since=now - timedelta(hours=1)) >= ALL_LETTERS_PER_HOUR:
            self._trip(uow, now)
            return LIMITED
        return ""

    async def _echo(self, uow: UnitOfWork, route: Route, inbound: InboundMessage, opened: Sequence[Ticket], now: datetime) -> str:
        letters = [row for row in await uow.outbox.sent_to(route, limit=_LAST_LETTERS) if row.is_automatic]
        if because := answers_like_a_machine(inbound, letters, now=now):
            return because
        fresh = {ticket.id for ticket in opened}
        for ticket in await uow.tickets.open_for_contact(opened[0].contact_id, limit=_LAST_TICKETS + len(fresh)):
            if ticket.id in fresh:
                continue
            first = next((word for word in await uow.tickets.messages(ticket.id) if word.kind is MessageKind.INBOUND), None)
            if first is not None and says_the_same(first.text, inbound.text):
                return SAME_WORDS
        return ""

    def _trip(self, uow: UnitOfWork, now: datetime) -> None:
        news = BotError(
            "За годину надіслано {count} автоматичних листів: далі їх зупинено, щоб не було петлі. Звернення приймаються й далі.",
            count=ALL_LETTERS_PER_HOUR,
        )
        for row in notices.alert(self.staff, news, cause=f"letters:{now:%Y-%m-%dT%H}", now=now):
            uow.outbox.add(row)


def answers_like_a_machine(inbound: InboundMessage, letters: Sequence[Delivery], *, now: datetime) -> str:
    """Why a new mail looks like a machine's answer to our last automatic letters; "" for a person's. Pure."""
    subject = bare_subject(inbound.subject)
    is_threaded = bool(inbound.evidence.references) or inbound.evidence.token_ticket_id is not None
    for letter in letters:
        age = now - letter.created_at
        ours = bare_subject(str((letter.body.get("letter") or {}).get("subject") or ""))
        is_answer = not is_threaded and bool(ours) and bool(_ANSWERED.match(inbound.subject)) and ours.casefold() in subject.casefold()
        if age <= ANSWERS_WITHIN and is_answer:
            return ANSWERS_US
        if age <= DESK_ANSWERS_WITHIN and _DESK.match(inbound.sender.value):
            return ANSWERS_AT_ONCE
    return ""


def says_the_same(one: str, other: str) -> bool:
    """The same words but for numbers, dates and signs. Pure."""
    first, second = (_VARYING.sub(" ", text).strip().casefold() for text in (one, other))
    return len(first) >= _SHORTEST_ECHO and first == second
