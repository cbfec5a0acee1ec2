"""Who works here: an agent leaves, and what was theirs is everybody's again, or a colleague's."""

from __future__ import annotations

from dataclasses import replace

from bot.desk_base import DeskBase
from bot.errors import Rejected
from bot.model import Actor, Agent, Role, Ticket
from bot.ports import People, UnitOfWork

_MOST = 10_000


async def keep_an_admin(people: People, *, without: Agent) -> None:
    """Raises Rejected if nobody but this agent could administer the desk."""
    admins = [each.id for each in await people.agents() if each.is_active and each.role is Role.ADMIN]
    if admins == [without.id]:
        sentence = '{name} — останній адміністратор. Спершу додайте іншого: deskbot accounts add "Ім\'я Прізвище" --role admin'
        raise Rejected(sentence, name=without.name)


class Staffing(DeskBase):
    """See the module."""

    async def dismiss(self, uow: UnitOfWork, agent: Agent, actor: Actor, *, heir: Agent | None = None) -> list[Ticket]:
        """The account is switched off at once (buttons and commands are refused from now on), its open tickets go to `heir` or back to the
        queue. Their chats are told by the cards. Raises Rejected for the last administrator."""
        if heir is not None and (heir.id == agent.id or not heir.is_active):
            raise Rejected("Звернення не можна передати цій людині: {name}.", name=heir.name)
        await keep_an_admin(uow.people, without=agent)
        await uow.people.save_agent(replace(agent, is_active=False))
        rows = await uow.tickets.queue(limit=_MOST, assignee_id=agent.id)
        return [await self._give(uow, row.ticket.id, heir, actor, agent.name) for row in rows]

    async def _give(self, uow: UnitOfWork, ticket_id: int, heir: Agent | None, actor: Actor, because: str) -> Ticket:
        ticket = await self._ticket(uow, ticket_id, actor=actor)
        data = {"from": ticket.assignee_id, "to": heir.id if heir else None}
        fields = {"assignee_id": heir.id if heir else None}
        ticket = await self._change(uow, ticket, actor, "assigned", because=because, data=data, **fields)
        return await self._tell_staff_only(uow, ticket)
