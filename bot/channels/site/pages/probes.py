"""For machines: is it alive, and its figures. `/metrics` is for this machine, or for whoever holds the token."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Gauge, generate_latest

from bot.channels.site.context import Site, site_of
from bot.errors import NotFound, Transient
from bot.sla.service import LAST_TICK

router = APIRouter()
LAST_WRITE = "site:last_write_tried"


@router.get("/healthz")
async def healthz(request: Request) -> Response:
    """200 while the store answers and takes what clients write, 503 when it does not.

    A channel in trouble is told in /metrics and on the status page, not here: restarting the program would not mend a mail server."""
    site = site_of(request)
    try:
        async with site.storage.read() as uow:
            await uow.state.get(LAST_TICK)
        is_refusing = site.refusals.is_recent(site.clock.now())
        if site.refusals.last_at is not None and not is_refusing:
            await _try_to_write(site)
    except Transient:
        is_refusing = True
    if is_refusing:
        return JSONResponse({"status": "store unavailable"}, status_code=503)
    # Which mailboxes there are is nobody's business who may not read the figures either.
    return JSONResponse({"status": "ok"} | ({"mailboxes": _mailboxes(site)} if _may_read(request) and _mailboxes(site) else {}))


async def _try_to_write(site: Site) -> None:
    """Nobody has written since a commit was refused: whether the store takes one again."""
    with site.watched():
        async with site.storage.write() as uow:
            uow.state.set(LAST_WRITE, site.clock.now().isoformat())
            await uow.commit()


def _mailboxes(site: Site) -> dict[str, dict[str, Any]]:
    """What the mail channel tells of each mailbox: state, last_sync_at, last_idle_at, backlog, quarantined, relay."""
    mail = next((health for health in site.health if health.name == "mail"), None)
    return {name: dict(facts) for name, facts in mail.facts.items() if isinstance(facts, Mapping)} if mail else {}


@router.get("/metrics")
async def metrics(request: Request) -> Response:
    """Prometheus text. To others the page does not exist."""
    if not _may_read(request):
        raise NotFound("Такої сторінки немає.")
    return PlainTextResponse(generate_latest(await _gauges(site_of(request))) + generate_latest(REGISTRY), media_type=CONTENT_TYPE_LATEST)


def _may_read(request: Request) -> bool:
    token = site_of(request).options.metrics_token
    given = request.headers.get("authorization", "").removeprefix("Bearer ")
    if token and hmac.compare_digest(token.encode(), given.encode("utf-8", "replace")):
        return True
    # A proxy on this machine speaks for somebody else.
    is_proxied = "x-forwarded-for" in request.headers or "forwarded" in request.headers
    return request.client is not None and request.client.host in ("127.0.0.1", "::1") and not is_proxied


async def _gauges(site: Site) -> CollectorRegistry:
    """Read from the store at the moment of asking: every process shows the same."""
    registry = CollectorRegistry()
    now = site.clock.now()
    async with site.storage.read() as uow:
        days = await uow.inbox.accounting(since=now.date())
        backlog = await uow.outbox.backlog()
        last_tick = await uow.state.get(LAST_TICK)
        open_count = await uow.tickets.open_count()
        next_ready = await uow.inbox.next_ready_at()
    Gauge("deskbot_open_tickets", "Tickets that are not closed.", registry=registry).set(open_count)
    messages = Gauge(
        "deskbot_messages_today", "Messages received today (UTC), by what became of them.", ["channel", "end"], registry=registry
    )
    for line in days:
        for end in ("ticketed", "follow_ups", "set_aside", "waiting", "quarantined"):
            messages.labels(line.channel, end).set(getattr(line, end))
    outbox = Gauge("deskbot_outbox_rows", "Deliveries that are not made yet, or given up.", ["state"], registry=registry)
    for state, count in backlog.items():
        outbox.labels(state).set(count)
    up = Gauge("deskbot_channel_up", "1 while a channel runs.", ["channel"], registry=registry)
    for health in site.health:
        up.labels(health.name).set(health.state == "running")
    opinions = Gauge("deskbot_third_opinion", "Messages put to the third opinion since the start, by outcome.", ["end"], registry=registry)
    for health in site.health:
        for end in ("asked", "agreed", "differed", "failed") if health.name == "opinion" else ():
            opinions.labels(end).set(health.facts[end])
    _mailbox_gauges(site, registry, now)
    if last_tick:
        age = (now - datetime.fromisoformat(last_tick)).total_seconds()
        Gauge("deskbot_last_tick_age_seconds", "Time since the last tick.", registry=registry).set(age)
    if next_ready is not None:
        lag = max(0.0, (now - next_ready).total_seconds())
        Gauge("deskbot_inbox_lag_seconds", "How long the oldest ready message has waited.", registry=registry).set(lag)
    return registry


def _mailbox_gauges(site: Site, registry: CollectorRegistry, now: datetime) -> None:
    gauges = {
        "deskbot_mailbox_up": "1 while a mailbox is read.",
        "deskbot_mailbox_last_sync_age_seconds": "Time since a mailbox was read to its end.",
        "deskbot_mailbox_last_idle_age_seconds": "Time since its server last answered while we waited for mail (IDLE).",
        "deskbot_mailbox_backlog": "Mails that its server has and we have not fetched yet.",
        "deskbot_mailbox_quarantined": "Mails that could not be read and wait for a replay.",
    }
    made = {name: Gauge(name, words, ["mailbox"], registry=registry) for name, words in gauges.items()}
    for mailbox, facts in _mailboxes(site).items():
        made["deskbot_mailbox_up"].labels(mailbox).set(facts.get("state") == "running")
        for kind in ("sync", "idle"):
            if at := facts.get(f"last_{kind}_at"):
                age = (now - datetime.fromisoformat(at)).total_seconds()
                made[f"deskbot_mailbox_last_{kind}_age_seconds"].labels(mailbox).set(age)
        for fact in ("backlog", "quarantined"):
            made[f"deskbot_mailbox_{fact}"].labels(mailbox).set(facts.get(fact, 0))
