"""The gate before every page: a session, and for every POST the token of a form that we made. Nobody passes by forgetting to ask.

A page asks for `AsContact` or `AsAgent`, a POST for `ContactPost` or `AgentPost`; there is no other way to a visitor.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, TypeVar
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.datastructures import UploadFile

from bot.channels.numbers import whole_number
from bot.channels.site.access import is_form_token
from bot.channels.site.context import site_of
from bot.channels.site.options import TEXT_LIMIT
from bot.channels.site.parse import tidy
from bot.channels.site.visitors import AgentVisitor, ContactVisitor, agent_visitor, contact_visitor
from bot.errors import Forbidden, NotFound, Rejected
from bot.model import Attachment, Role

FORM_KEY = "form_key"
_FIELDS = 300
# More than is allowed: who sends eleven is told so in words.
_FILES = 200
_LONG_BODY = 20_000
E = TypeVar("E", bound=Enum)


class LoginNeeded(Exception):
    """Nobody is logged in here."""


class Elsewhere(Exception):
    """They are logged in, but their pages are at `path`."""

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path


class ForeignForm(Exception):
    """The form was not made by us for this visitor, or the session behind it has ended."""


@dataclass(frozen=True, slots=True)
class Fields:
    """What a form carries. Every text is tidied at the door: no NUL, no lone surrogates, line feeds for line ends.
    `uploads` are its files as they came, `files` the same once they are kept."""

    values: Mapping[str, Sequence[str]]
    uploads: Sequence[UploadFile] = ()
    files: Sequence[Attachment] = ()

    def raw(self, name: str) -> str:
        """What was sent, untouched: for showing it again beside a refusal."""
        return next(iter(self.values.get(name, ())), "")

    def text(self, name: str, *, limit: int = TEXT_LIMIT) -> str:
        """Rejected when longer than `limit` characters."""
        text = tidy(self.raw(name))
        if len(text) > limit:
            raise Rejected("Текст задовгий: {count} знаків, а можна щонайбільше {limit}.", count=len(text), limit=limit)
        return text

    def choice(self, name: str, of: type[E]) -> E | None:
        """None for an empty choice; Rejected for one that is not offered."""
        value = self.text(name, limit=100)
        found = next((one for one in of if str(one.value) == value), None)
        if value and found is None:
            raise Rejected("Такого варіанта немає: «{value}».", value=value)
        return found

    def number(self, name: str) -> int | None:
        value = self.text(name, limit=100).strip().lstrip("№#").strip()
        if not value:
            return None
        number = whole_number(value)
        if number is None:
            raise Rejected("Тут має бути число: «{value}».", value=value)
        return number

    def numbers(self, name: str) -> Sequence[int]:
        """All values under one name that are numbers."""
        return [number for value in self.values.get(name, ()) if (number := whole_number(value)) is not None]


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedByContact:
    """A form of ours, sent by the contact it was made for."""

    visitor: ContactVisitor
    fields: Fields


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedByAgent:
    """The same of an agent."""

    visitor: AgentVisitor
    fields: Fields


async def as_contact(request: Request) -> ContactVisitor:
    """The contact who is logged in. LoginNeeded; Elsewhere when only an agent is."""
    site = site_of(request)
    now = site.clock.now()
    async with site.storage.read() as uow:
        visitor = await contact_visitor(uow, site.cookie_of(request, "contact"), now=now)
        if visitor is None:
            if await agent_visitor(uow, site.cookie_of(request, "agent"), now=now):
                raise Elsewhere("/staff")
            raise LoginNeeded
    request.state.language = visitor.contact.language
    return visitor


async def as_agent(request: Request) -> AgentVisitor:
    """The agent who is logged in. For a client the staff's pages do not exist (DESIGN 8)."""
    site = site_of(request)
    now = site.clock.now()
    async with site.storage.read() as uow:
        visitor = await agent_visitor(uow, site.cookie_of(request, "agent"), now=now)
        if visitor is None:
            if await contact_visitor(uow, site.cookie_of(request, "contact"), now=now):
                raise NotFound("Такої сторінки немає.")
            raise LoginNeeded
    return visitor


async def posted_by_contact(request: Request) -> AsyncIterator[PostedByContact]:
    visitor = await as_contact(request)
    try:
        yield PostedByContact(visitor=visitor, fields=await verified_form(request, visitor.cookie, takes_files=True))
    finally:
        await request.close()  # uploads lie in files of their own until then


async def posted_by_agent(request: Request) -> AsyncIterator[PostedByAgent]:
    visitor = await as_agent(request)
    try:
        yield PostedByAgent(visitor=visitor, fields=await verified_form(request, visitor.cookie, takes_files=True))
    finally:
        await request.close()


async def verified_form(request: Request, cookie: str, *, takes_files: bool = False) -> Fields:
    """The form's fields, if it was made by us for the holder of the cookie. ForeignForm. Files only of whom we know."""
    if request.headers.get("sec-fetch-site") == "cross-site":
        raise ForeignForm
    if request.headers.get("content-type", "").startswith("multipart/form-data"):
        if not takes_files:
            raise ForeignForm
        fields = await _with_files(request)
    else:
        body = await request.body()
        # A hundred thousand Cyrillic letters take 100 ms to decode: not in the event loop.
        fields = await asyncio.to_thread(_decoded, body) if len(body) > _LONG_BODY else _decoded(body)
    if not is_form_token(site_of(request).key, cookie, fields.raw(FORM_KEY)):
        raise ForeignForm
    return fields


async def _with_files(request: Request) -> Fields:
    """A form that may carry files. Its parts go to disk as they come, so a large one fills no memory."""
    form = await request.form(max_files=_FILES, max_fields=_FIELDS, max_part_size=site_of(request).options.body_limit)
    values: dict[str, list[str]] = {}
    uploads = []
    for name, value in form.multi_items():
        if isinstance(value, str):
            values.setdefault(name, []).append(value)
        else:
            uploads.append(value)
    return Fields(values, tuple(uploads))


def _decoded(body: bytes) -> Fields:
    """Plain HTML form data, as our pages without files send it; anything else is not our form. Broken characters become U+FFFD."""
    try:
        pairs = parse_qsl(body.decode("latin-1"), keep_blank_values=True, max_num_fields=_FIELDS)
    except ValueError as error:
        raise ForeignForm from error
    values: dict[str, list[str]] = {}
    for name, value in pairs:
        values.setdefault(name, []).append(value)
    return Fields(values)


def at_least(visitor: AgentVisitor, role: Role) -> None:
    """Forbidden when the agent's role is below."""
    order = list(Role)
    if order.index(visitor.agent.role) < order.index(role):
        raise Forbidden("На це потрібні права: {role}.", role=role.value)


AsContact = Annotated[ContactVisitor, Depends(as_contact)]
AsAgent = Annotated[AgentVisitor, Depends(as_agent)]
ContactPost = Annotated[PostedByContact, Depends(posted_by_contact)]
AgentPost = Annotated[PostedByAgent, Depends(posted_by_agent)]
