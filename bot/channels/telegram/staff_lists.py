"""Lists that staff ask for: the queue and its parts page by page, who is there and has how much, how the desk stands."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.channels.telegram.acts import tell
from bot.channels.telegram.page import Page, Reader
from bot.channels.telegram.render_lists import queue
from bot.channels.telegram.staff_view import StaffView
from bot.clock import Clock
from bot.duty import read_roster
from bot.errors import NotFound
from bot.lamps import staff_lamp
from bot.model import Agent, Team
from bot.ports import InboxItem, QueueFilter, QueueRow, UnitOfWork

PAGE = 10
_LAST_PAGE = 49
ALL, MINE, DEVELOPMENT = "all", "mine", "development"
# What people write behind /queue, and which part of the queue they mean.
PARTS = {
    "": ALL,
    **dict.fromkeys(("усі", "всі", "all"), ALL),
    **dict.fromkeys(("нічиї", "нічийні", "вільні", "free", "unassigned"), QueueFilter.NOBODYS.value),
    **dict.fromkeys(("термінові", "urgent"), QueueFilter.URGENT.value),
    **dict.fromkeys(("прострочені", "overdue", "late"), QueueFilter.OVERDUE.value),
    **dict.fromkeys(("розробка", "development"), DEVELOPMENT),
}


class StaffLists:
    """See the module."""

    def __init__(self, *, view: StaffView, clock: Clock) -> None:
        self._view = view
        self._clock = clock

    async def show_queue(self, uow: UnitOfWork, chat: int, item: InboxItem, *, agent: Agent, name: str) -> None:
        """The first page of "all", "nobodys", "urgent", "overdue", "development", or one agent's own, "mine.7"."""
        self._tell(uow, chat, "queue", await self._queue(uow, agent, name, 0), item)

    async def queue_page(self, uow: UnitOfWork, agent: Agent, *, name: str, page: int) -> Page:
        """Another page, to be shown in the place of the one before."""
        reader = Reader(language=self._view.language, zone=self._view.zone, now=self._clock.now())
        return queue(await self._queue(uow, agent, name, page), reader)

    async def _queue(self, uow: UnitOfWork, agent: Agent, name: str, page: int) -> dict[str, Any]:
        page = min(page, _LAST_PAGE)
        kind, _, owner_id = name.partition(".")
        if kind not in {*PARTS.values(), MINE} or (kind == MINE) != owner_id.isdecimal():
            raise NotFound("Такого списку немає.")
        rows = await uow.tickets.queue(
            limit=(page + 1) * PAGE + 1,
            assignee_id=int(owner_id[:15]) if owner_id else None,
            team=Team.DEVELOPMENT.value if kind == DEVELOPMENT else None,
            only=QueueFilter(kind) if kind in set(QueueFilter) else None,
            now=self._clock.now(),
        )
        owner = await uow.people.agent(int(owner_id[:15])) if owner_id else None
        return {
            "name": name,
            "page": page,
            "owner": owner.name if owner else "",
            "rows": [_line(row, agent) for row in rows[page * PAGE : (page + 1) * PAGE]],
            "has_more": len(rows) > (page + 1) * PAGE and page < _LAST_PAGE,
            "total": await uow.tickets.open_count() if kind == ALL else None,
        }

    async def show_who(self, uow: UnitOfWork, chat: int, item: InboxItem) -> None:
        """Who is on duty, who is away until when, and how many tickets each has."""
        now, counts = self._clock.now(), await uow.tickets.open_by_agent()
        roster = await read_roster(uow, self._view.zone.key, now)
        agents = [agent for agent in roster.agents if agent.is_active]
        on_duty = {each.agent.id: each for each in roster.on_duty(now)}
        body = {
            "is_kept": roster.is_kept,
            "there": [
                {
                    "name": agent.name,
                    "open": counts.get(agent.id, 0),
                    "until": _iso(on_duty[agent.id].until),
                    "instead_of": [other.name for other in on_duty[agent.id].instead_of],
                }
                for agent in agents
                if agent.id in on_duty
            ],
            "away": [{"name": agent.name, "open": counts.get(agent.id, 0)} for agent in agents if agent.id not in on_duty],
            "nobodys": counts.get(None, 0),
        }
        self._tell(uow, chat, "who", body, item)

    async def show_stats(self, uow: UnitOfWork, chat: int, item: InboxItem) -> None:
        """The desk now, and since this morning."""
        now = self._clock.now()
        midnight = now.astimezone(self._view.zone).replace(hour=0, minute=0, second=0, microsecond=0)
        today = await uow.tickets.standing(now=now, since=midnight)
        week = await uow.tickets.standing(now=now, since=midnight - timedelta(days=6))
        names = ("open", "nobodys", "urgent", "overdue", "waiting", "development", "opened", "closed")
        body = {name: getattr(today, name) for name in names} | {"opened_week": week.opened, "closed_week": week.closed}
        self._tell(uow, chat, "stats", body, item)

    def _tell(self, uow: UnitOfWork, chat: int, kind: str, body: dict[str, Any], item: InboxItem) -> None:
        tell(uow, chat, kind, {"language": self._view.language, **body}, item=item, now=self._clock.now())


def _line(row: QueueRow, agent: Agent) -> dict[str, Any]:
    return {
        "id": row.ticket.id,
        "title": row.ticket.title,
        "lamp": staff_lamp(row.ticket, viewer_agent_id=agent.id).value,
        "client": row.client_name,
        "contact": row.contact_name,
        "assignee": row.assignee_name,
        "due_at": row.clock.due_at.isoformat() if row.clock else None,
    }


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
