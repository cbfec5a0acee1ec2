"""Mail as a channel: mailboxes are read into the inbox, parsed mails become messages, deliveries become mails.

Reading happens in a process of its own (`isolation`); what a mail means for the desk is decided by the intake, except for short answers
that are an act (`replies`) and delivery reports, which are events on the ticket they are about.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial

import structlog

from bot.channels.base import Health, Sent, Turn
from bot.channels.mail import envelope, verdicts
from bot.channels.mail.bounces import Bounces
from bot.channels.mail.colleagues import Colleagues, on_behalf
from bot.channels.mail.duty import Duty
from bot.channels.mail.enclosures import Enclosed, enclose, gather
from bot.channels.mail.identity import at_a_glance, peek
from bot.channels.mail.inbound import inbound
from bot.channels.mail.isolation import Parser
from bot.channels.mail.oauth.dialogue import ConsentLost
from bot.channels.mail.options import MailOptions
from bot.channels.mail.parse import Own
from bot.channels.mail.reading import CHANNEL, Reading
from bot.channels.mail.render import letter, without_files
from bot.channels.mail.replies import ShortReply
from bot.channels.mail.replies import read as read_reply
from bot.channels.mail.senders import Known, Senders
from bot.channels.mail.shortcuts import Shortcuts
from bot.channels.mail.smtp import Relay, RelayRefused
from bot.channels.mail.tokens import Tokens
from bot.channels.mail.values import Bounced, MailKind, ParsedMail
from bot.channels.mail.verdicts import PASSED
from bot.clock import Clock
from bot.desk import Desk
from bot.errors import Permanent, Transient
from bot.files import Shelf
from bot.intake.service import Intake, Planned
from bot.model import Agent, Delivery, InboundMessage
from bot.ports import Disposition, InboxItem, InboxResult, Storage, UnitOfWork

MAX_READS = 3
# Waiting included; less than the lease under which the inbox hands a mail out.
READ_LIMIT = 60.0

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """One mail, read and analysed. `reply` when its own text is an act, `rest` what stands beside the act; `bounced` when it reports a mail
    that did not arrive. `agent` wrote it: `spoken` is then the mail as theirs, `planned` that of the client whose mail they pass on."""

    item: InboxItem
    planned: Planned
    reply: ShortReply | None = None
    rest: Planned | None = None
    bounced: Bounced | None = None
    is_reachable_again: bool = False
    agent: Agent | None = None
    spoken: InboundMessage | None = None


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
        self._shortcuts = Shortcuts(desk=desk, clock=clock)
        self._senders = Senders(storage=storage, clock=clock, configured=options.blocked)
        self._colleagues = Colleagues(desk=desk, clock=clock)
        self._bounces = Bounces(desk=desk, clock=clock, tokens=self._tokens)
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
        mail, known = reading.mail, await self._senders.known()
        message = inbound(item, mail, tokens=self._tokens, mailbox=self._options.addressed(mail.recipients))
        message = self._sifted(message, item, known)
        if message.set_aside is None and (agent := known.agents.get(message.sender.value)):
            return await self._prepare_colleague(item, message, mail, agent, known)
        reply = read_reply(message.text) if message.set_aside is None and _is_answer(message) else None
        # Of a machine's mail nothing was analysed; one that was let in is a person's after all.
        is_read = mail.kind is MailKind.MESSAGE or message.set_aside is not None
        planned = await self._intake.consider(message, reading.analysis if is_read else None)
        # What stands beside an act is short: it is analysed here.
        rest = self._intake.plan(replace(message, text=reply.rest)) if reply and reply.rest else None
        is_back = message.set_aside is None and message.sender.value in known.bounced
        return Prepared(item=item, planned=planned, reply=reply, rest=rest, bounced=mail.bounced, is_reachable_again=is_back)

    async def _prepare_colleague(self, item: InboxItem, message: InboundMessage, mail: ParsedMail, agent: Agent, known: Known) -> Prepared:
        ours = self._options.own_addresses | known.agents.keys()
        planned = await self._intake.consider(on_behalf(message, mail, ours=ours) or message)
        return Prepared(item=item, planned=planned, agent=agent, spoken=message)

    def _sifted(self, message: InboundMessage, item: InboxItem, known: Known) -> InboundMessage:
        """The message with our server's word on it, set aside when its sender is blocked or the server calls it spam. A valid reply token
        outweighs the server; what a person let in is heard whatever it is."""
        headers, _ = peek(item.raw)
        word = verdicts.read(headers, authserv_id=self._options.authserv_id, spam_headers=self._options.spam_headers)
        if word.sender:
            message = replace(message, letter=message.letter | {"sender": word.sender, "authentication": word.results})
        if item.is_let_in:
            return replace(message, set_aside=None)
        if message.set_aside is None and known.is_blocked(message.sender.value):
            return replace(message, set_aside="blocked")
        if message.set_aside is None and word.spam and message.evidence.token_ticket_id is None:
            return replace(message, set_aside="spam")
        return message

    def about(self, item: InboxItem) -> str:
        """Sender and subject of a mail that could not be read, for those who look after it."""
        return at_a_glance(item.raw)

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
            await self._bounces.note(uow, one.bounced, one.item)
        if one.is_reachable_again:
            await self._bounces.forget(uow, message.sender.value)
        if one.agent is not None and one.spoken is not None:
            return await self._from_colleague(uow, one, one.agent, one.spoken)
        done = await self._shortcuts.act(uow, message, one.reply) if one.reply else None
        if done is None:
            return await self._intake.accept(uow, one.planned, [one.item.id])
        if one.rest is not None:
            return await self._intake.accept(uow, one.rest, [one.item.id])
        kind = Disposition.FOLLOW_UP
        return [InboxResult(item_id=one.item.id, disposition=kind, because=done.because, ticket_ids=done.ticket_ids)]

    async def _from_colleague(self, uow: UnitOfWork, one: Prepared, agent: Agent, spoken: InboundMessage) -> list[InboxResult]:
        done = await self._colleagues.speak(uow, spoken, agent, inbox_id=one.item.id)
        if done is not None:
            return [InboxResult(item_id=one.item.id, disposition=Disposition.FOLLOW_UP, because=done.because, ticket_ids=done.ticket_ids)]
        results = await self._intake.accept(uow, one.planned, [one.item.id])
        if one.planned.inbound is not spoken:
            await self._colleagues.note_forward(
                uow,
                results,
                agent,
                spoken.text.removesuffix(one.planned.inbound.text),
                is_proved=spoken.letter.get("sender", PASSED) == PASSED,
                inbox_id=one.item.id,
            )
        return results

    # --- sending -----------------------------------------------------------------------------------------------------------

    async def send(self, delivery: Delivery, turn: Turn, /) -> Sent:
        """Make a mail of it and hand it to the relay of the mailbox that the conversation runs through."""
        thread = delivery.body.get("letter") or {}
        box = self._options.mailbox(thread.get("mailbox"))
        now = self._clock.now()
        try:
            link = self._options.reason_link
            links = partial(link, written_at=delivery.created_at) if link else None
            written = letter(delivery, zone=self._options.zone, now=now, reason_link=links)
        except KeyError as error:
            raise Permanent("Для листа немає слів: {kind}", kind=delivery.kind) from error
        enclosed = await self._enclosed(delivery)
        if enclosed.left:
            written = without_files(written, enclosed.left)
        mail = envelope.build(delivery, written, mailbox=box, options=self._options, tokens=self._tokens, now=now)
        cargo = enclose(mail, enclosed.sent)
        facts, watch = self.mailbox_health[box.name].facts, self._duty.watches[box.name]
        try:
            relay, recipient = self._relays[box.name], delivery.route.recipient
            await relay.send(mail, sender=box.address, recipient=recipient, cargo=cargo, before_text=turn.take)
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
