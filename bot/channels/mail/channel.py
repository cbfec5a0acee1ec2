"""Mail as a channel: mailboxes are read into the inbox, parsed mails become messages, deliveries become mails.

Reading happens in a process of its own (`isolation`); what a mail means for the desk is decided by the intake, except for short answers
that are an act (`replies`) and delivery reports, which are events on the ticket they are about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import structlog

from bot import notices
from bot.channels.base import Health, Sent
from bot.channels.mail import envelope
from bot.channels.mail.duty import Duty
from bot.channels.mail.enclosures import Enclosed, enclose, gather
from bot.channels.mail.inbound import inbound
from bot.channels.mail.isolation import Parser
from bot.channels.mail.oauth.dialogue import ConsentLost
from bot.channels.mail.options import MailOptions
from bot.channels.mail.parse import Own
from bot.channels.mail.reading import CHANNEL, Reading
from bot.channels.mail.render import letter, without_files
from bot.channels.mail.replies import ShortReply
from bot.channels.mail.replies import read as read_reply
from bot.channels.mail.shortcuts import Shortcuts
from bot.channels.mail.smtp import Relay, RelayRefused
from bot.channels.mail.tokens import Tokens
from bot.channels.mail.values import Bounced
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import BotError, Permanent, Transient
from bot.files import Shelf
from bot.intake.service import Intake, Planned
from bot.model import BOT, Delivery, Event, InboundMessage
from bot.ports import Disposition, InboxItem, InboxResult, Storage, UnitOfWork

MAX_READS = 3
# Waiting included; less than the lease under which the inbox hands a mail out.
READ_LIMIT = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One mail, read and analysed. `reply` when its own text is an act, `rest` what stands beside the act; `bounced` when it reports a mail
    that did not arrive."""

    item: InboxItem
    planned: Planned
    reply: ShortReply | None = None
    rest: Planned | None = None
    bounced: Bounced | None = None


class MailChannel:
    """See the module. `parser` may be shared with whoever reads mails without a mailbox (`deskbot ingest mail`)."""

    name = CHANNEL

    def __init__(
        self,
        *,
        options: MailOptions,
        storage: Storage,
        desk: Desk,
        intake: Intake,
        clock: Clock,
        health: Health | None = None,
        parser: Parser | None = None,
        shelf: Shelf | None = None,
    ) -> None:
        self.health = health or Health(name=self.name)
        self._options = options
        self._storage = storage
        self._desk = desk
        self._intake = intake
        self._clock = clock
        self._tokens = Tokens(options.secret)
        self._shelf = shelf
        self._parser = parser or Parser(Own(addresses=options.own_addresses))
        self._relays = {box.name: Relay(replace(box.relay, hello=box.relay.hello or box.domain)) for box in options.mailboxes}
        self._shortcuts = Shortcuts(desk=desk, intake=intake, clock=clock)
        self._duty = Duty(options=options, storage=storage, clock=clock, staff=desk.staff, whole=self.health)
        self.mailbox_health = self._duty.healths

    # --- receiving ---------------------------------------------------------------------------------------------------------

    async def receive(self) -> None:
        """Read all mailboxes until cancelled."""
        await self._duty.read()

    async def follow(self) -> None:
        """For a process that reads none: show how the mailboxes are."""
        await self._duty.follow()

    async def close(self) -> None:
        """Stop the parser and hang up."""
        await self._parser.close()
        for relay in self._relays.values():
            await relay.close()

    # --- interpreting ------------------------------------------------------------------------------------------------------

    async def prepare(self, items: Sequence[InboxItem]) -> tuple[Prepared, ...]:
        """Read and analyse, elsewhere. Permanent for a mail that breaks the reading process."""
        readings = await asyncio.gather(*map(self._read, items))
        return tuple(await asyncio.gather(*map(self._prepare, items, readings)))

    async def _read(self, item: InboxItem) -> Reading:
        """A machine that stood still for ten seconds looks like a poison mail: a mail is given up only when it fails again and again."""
        try:
            async with asyncio.timeout(READ_LIMIT):
                return await self._parser.read(item.raw)
        except TimeoutError as error:
            raise Transient("Листів надходить більше, ніж вдається прочитати: цей чекає.", retry_after=timedelta(seconds=30)) from error
        except Permanent as error:
            if item.attempts + 1 < MAX_READS:
                raise Transient(error.sentence, **error.values) from error
            raise

    async def _prepare(self, item: InboxItem, reading: Reading) -> Prepared:
        message = inbound(item, reading.mail, tokens=self._tokens, mailbox=self._options.addressed(reading.mail.recipients))
        reply = read_reply(message.text) if message.set_aside is None and _is_answer(message) else None
        planned = await self._intake.consider(message, reading.analysis)
        # What stands beside an act is short: it is analysed here.
        rest = self._intake.plan(replace(message, text=reply.rest)) if reply and reply.rest else None
        return Prepared(item=item, planned=planned, reply=reply, rest=rest, bounced=reading.mail.bounced)

    async def full_text(self, item: InboxItem) -> str | None:
        """The whole body of a stored mail, quotes and signature in their places; None for what no mail channel stored."""
        return (await self._read(item)).mail.full_text if item.channel == CHANNEL else None

    async def apply(self, uow: UnitOfWork, prepared: Sequence[Prepared]) -> list[InboxResult]:
        """Take the mails in, in order."""
        results: list[InboxResult] = []
        for one in prepared:
            results += await self._apply(uow, one)
        return results

    async def _apply(self, uow: UnitOfWork, one: Prepared) -> list[InboxResult]:
        message = one.planned.inbound
        if one.item.is_quiet:
            # Of an archive: what it says was dealt with in its day.
            return await self._intake.accept(uow, one.planned, [one.item.id])
        if one.bounced is not None:
            await self._note_bounce(uow, one.bounced, one.item)
        done = await self._shortcuts.act(uow, message, one.reply, inbox_id=one.item.id) if one.reply else None
        if done is None:
            return await self._intake.accept(uow, one.planned, [one.item.id])
        if one.rest is not None:
            return await self._intake.accept(uow, one.rest, [one.item.id])
        kind = Disposition.FOLLOW_UP
        return [InboxResult(item_id=one.item.id, disposition=kind, because=done.because, ticket_ids=done.ticket_ids)]

    async def _note_bounce(self, uow: UnitOfWork, bounced: Bounced, item: InboxItem) -> None:
        """Our mail did not arrive: staff must know, for the client does not."""
        if not bounced.message_id:
            return
        ticket_ids = {link.ticket_id for link in await uow.tickets.find_links(CHANNEL, "", [bounced.message_id])}
        if not ticket_ids:
            return
        now, whom = self._clock.now(), " ".join(part for part in (bounced.recipient, bounced.status) if part)
        for ticket_id in sorted(ticket_ids):
            uow.tickets.add_event(Event(ticket_id=ticket_id, kind="bounced", actor=BOT, at=now, because=whom))
        numbers = ", ".join(f"№{ticket_id}" for ticket_id in sorted(ticket_ids))
        news = BotError("Лист клієнтові не доставлено. Звернення: {numbers}. Адреса і код: {whom}", numbers=numbers, whom=whom or "?")
        for row in notices.alert(self._desk.staff.desk, news, cause=f"inbox:{item.id}", now=now):
            uow.outbox.add(row)

    # --- sending -----------------------------------------------------------------------------------------------------------

    async def send(self, delivery: Delivery) -> Sent:
        """Make a mail of it and hand it to the relay of the mailbox that the conversation runs through."""
        thread = delivery.body.get("letter") or {}
        box = self._options.mailbox(thread.get("mailbox"))
        now = self._clock.now()
        try:
            written = letter(delivery, zone=self._options.zone, now=now)
        except KeyError as error:
            raise Permanent("Для листа немає слів: {kind}", kind=delivery.kind) from error
        enclosed = await self._enclosed(delivery)
        if enclosed.left:
            written = without_files(written, enclosed.left)
        mail = envelope.build(delivery, written, mailbox=box, options=self._options, tokens=self._tokens, now=now)
        if enclosed.sent:
            await asyncio.to_thread(enclose, mail, enclosed.sent)
        facts, watch = self.mailbox_health[box.name].facts, self._duty.watches[box.name]
        try:
            await self._relays[box.name].send(mail, sender=box.address, recipient=delivery.route.recipient)
        except Transient as error:
            facts["relay"] = str(error)
            if isinstance(error, RelayRefused | ConsentLost):
                await watch.relay_failed(error)
            raise
        facts["relay"] = "ok"
        await watch.relay_works()
        return Sent(external_id=str(mail["Message-ID"]))

    async def _enclosed(self, delivery: Delivery) -> Enclosed:
        files = delivery.body.get("attachments") or ()
        if not files or self._shelf is None:
            return Enclosed()
        return await gather(files, storage=self._storage, shelf=self._shelf, attempts=delivery.attempts)


def _is_answer(message: InboundMessage) -> bool:
    return bool(message.evidence.references) or message.evidence.token_ticket_id is not None
