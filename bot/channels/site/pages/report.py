"""The month in numbers, for leads: shares, reactions, breaches, claims of urgency; and the same as sheets to take away.

It names clients, so an agent who is no lead does not see it.
"""

from __future__ import annotations

import asyncio
import io
import json
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from fastapi.responses import Response

from bot.channels.site.context import Site, language_of, page, site_of
from bot.channels.site.gate import AsAgent, at_least
from bot.channels.site.report_view import line_heading, view
from bot.channels.site.visitors import AgentVisitor
from bot.errors import NotFound
from bot.model import Client, Role
from bot.sla.ledger import month_bounds, read_report
from bot.sla.numbers import Report
from bot.sla.sheets import as_data, workbook, write_csv
from bot.texts import SHORT_REASON_WORDS, translator

router = APIRouter(prefix="/staff/report")
OFFERED_MONTHS = 24
LARGEST_ID = 2**53
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Which report: the desk's month ("2026-11"), and a client or all of them."""

    month: str
    since: datetime
    until: datetime
    client: Client | None


@router.get("")
async def report(request: Request, visitor: AsAgent, month: str = "", client: str = "") -> Response:
    site, asked = await _asked(request, visitor, month, client)
    found = await _read(site, asked)
    reader = site.reader(request)
    async with site.storage.read() as uow:
        clients = await uow.people.clients()
    shown = await asyncio.to_thread(view, found, zone=site.zone, language=reader.language)
    this = _month(site.clock.now().astimezone(site.zone))
    before, after = _shifted(asked.month, -1), _shifted(asked.month, 1)
    return page(
        request,
        "report.html",
        visitor=visitor,
        report=shown,
        asked=asked,
        months=_offered(this, asked.month),
        before=before,
        after=after if after <= this else "",
        clients=clients,
        query=f"month={asked.month}" + (f"&client={asked.client.id}" if asked.client else ""),
        heading=lambda name: line_heading(name, reader.say),
        short_reasons=[reader.say(word) for word in SHORT_REASON_WORDS.values()],
    )


@router.get("/xlsx")
async def as_workbook(request: Request, visitor: AsAgent, month: str = "", client: str = "") -> Response:
    site, asked = await _asked(request, visitor, month, client)
    found = await _read(site, asked)
    say = translator(language_of(request))

    def save() -> bytes:
        to = io.BytesIO()
        workbook(found, site.zone, say).save(to)
        return to.getvalue()

    return _file(await asyncio.to_thread(save), XLSX, f"sla-{asked.month}.xlsx")


@router.get("/csv")
async def as_csv(request: Request, visitor: AsAgent, month: str = "", client: str = "") -> Response:
    site, asked = await _asked(request, visitor, month, client)
    to = io.StringIO()
    write_csv(await _read(site, asked), to, translator(language_of(request)))
    # Spreadsheets take a file for UTF-8 by this mark.
    return _file(to.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8", f"sla-{asked.month}.csv")


@router.get("/json")
async def as_json(request: Request, visitor: AsAgent, month: str = "", client: str = "") -> Response:
    site, asked = await _asked(request, visitor, month, client)
    data = as_data(await _read(site, asked))
    body = await asyncio.to_thread(json.dumps, data, ensure_ascii=False, indent=1)
    return _file(body.encode(), "application/json", f"sla-{asked.month}.json")


async def _asked(request: Request, visitor: AgentVisitor, month: str, client: str) -> tuple[Site, Asked]:
    """Forbidden for agents, Rejected for what is no month, NotFound for an unknown client. Without a month: the present one."""
    at_least(visitor, Role.LEAD)
    site = site_of(request)
    now = site.clock.now().astimezone(site.zone)
    since, until = month_bounds(month or _month(now), site.zone)
    found = None
    if client:
        number = int(client) if client.isdecimal() and client.isascii() else LARGEST_ID
        async with site.storage.read() as uow:
            found = await uow.people.client(number) if number < LARGEST_ID else None
        if found is None:
            raise NotFound("Такого клієнта немає.")
    return site, Asked(month=_month(since), since=since, until=until, client=found)


async def _read(site: Site, asked: Asked) -> Report:
    name = asked.client.name if asked.client else None
    policy, now = site.desk.policy, site.clock.now()
    return await read_report(site.storage, policy, since=asked.since, until=asked.until, now=now, client=name)


def _month(at: datetime) -> str:
    return f"{at:%Y-%m}"


def _shifted(month: str, by: int) -> str:
    year, number = (int(part) for part in month.split("-"))
    whole = year * 12 + number - 1 + by
    return f"{whole // 12:04}-{whole % 12 + 1:02}"


def _offered(this: str, asked: str) -> list[str]:
    """The last two years, the newest first, and the one that is shown."""
    months = [_shifted(this, -back) for back in range(OFFERED_MONTHS)]
    return sorted({*months, asked}, reverse=True)


def _file(content: bytes, media_type: str, name: str) -> Response:
    return Response(content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'})
