"""What every page has at hand: the services it was built with, its templates, and how a page is made for its reader."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.channels.base import Health
from bot.channels.site.access import form_token
from bot.channels.site.filing import Filing
from bot.channels.site.limits import RateLimit
from bot.channels.site.options import SiteOptions
from bot.channels.site.pulse import Pulse
from bot.channels.site.refusals import Refusals
from bot.channels.site.render import Reader, sentence
from bot.channels.site.visitors import LANGUAGE_COOKIE, AgentVisitor, ContactVisitor, cookie_name
from bot.channels.site.words import DONE_WORDS
from bot.clock import Clock
from bot.desk import Desk
from bot.ports import Storage
from bot.texts import CATEGORY_WORDS, LANGUAGES, OUTCOME_WORDS, PRIORITY_WORDS, REASON_WORDS, duration

HERE = Path(__file__).parent
STATIC = HERE / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The services of the pages. `health` is read only; `key` signs links and forms; `zone` is the desk's, deadlines are told in it.
    Without `filing` no file is taken or given."""

    storage: Storage
    desk: Desk
    clock: Clock
    options: SiteOptions
    health: Sequence[Health]
    key: bytes
    zone: ZoneInfo
    templates: Environment
    pulse: Pulse
    posts: RateLimit
    logins: RateLimit
    filing: Filing | None = None
    refusals: Refusals = field(default_factory=Refusals)

    def watched(self) -> AbstractContextManager[None]:
        """Around a write for a client: see `bot.channels.site.refusals`."""
        own = next((each for each in self.health if each.name == "site"), None)
        return self.refusals.watched(own, self.clock.now())

    def cookie_of(self, request: Request, role: str) -> str:
        return request.cookies.get(cookie_name(role, is_https=self.options.is_https), "")

    def reader(self, request: Request) -> Reader:
        return Reader(language=language_of(request), zone=self.zone, now=self.clock.now())


def site_of(request: Request) -> Site:
    """The context of the application that this request came to."""
    site: Site = request.app.state.site
    return site


def language_of(request: Request) -> str:
    """The reader's language: a logged-in contact's own, else the one chosen in this browser, else the desk's."""
    chosen = getattr(request.state, "language", "") or request.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in LANGUAGES else site_of(request).options.language


def page(
    request: Request,
    template: str,
    *,
    visitor: ContactVisitor | AgentVisitor | None = None,
    status: int = 200,
    **context: Any,
) -> HTMLResponse:
    """A page in the reader's language, with the form token of whoever looks."""
    return HTMLResponse(rendered(request, template, visitor=visitor, **context), status_code=status)


def rendered(request: Request, template: str, *, visitor: ContactVisitor | AgentVisitor | None = None, **context: Any) -> str:
    """The same as text: a whole page or a piece of one."""
    site = site_of(request)
    reader = site.reader(request)
    whole = {
        "_": reader.say,
        "lang": reader.language,
        "reader": reader,
        "moment": reader.moment,
        "span": lambda length: duration(length, language=reader.language),
        "desk_name": site.options.desk_name,
        "contact": visitor.contact if isinstance(visitor, ContactVisitor) else None,
        "agent": visitor.agent if isinstance(visitor, AgentVisitor) else None,
        "form_key": form_token(site.key, visitor.cookie) if visitor else "",
        "path": request.url.path,
        "said": lambda deed: reader.say(DONE_WORDS[deed]) if deed in DONE_WORDS else "",
        "static": static_url,
        "sentence": sentence,
        "filing": site.filing,
        "file_rule": site.filing.rule(reader.say) if site.filing else "",
        "priorities": PRIORITY_WORDS,
        "categories": CATEGORY_WORDS,
        "outcomes": OUTCOME_WORDS,
        "reasons": REASON_WORDS,
    }
    return site.templates.get_template(template).render(whole | context)


def make_templates() -> Environment:
    """Autoescape is on for everything: what a client typed is hostile on its way out. A missing value is an error, not an empty place."""
    templates = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    # Made once: a chat page shows a hundred bubbles, and each would import the small pieces anew.
    templates.globals["ui"] = templates.get_template("_ui.html").module
    return templates


@cache
def static_url(name: str) -> str:
    """A static file's address; it changes with its content, so browsers may keep it for ever."""
    mark = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={mark}"


def build(
    *,
    storage: Storage,
    desk: Desk,
    clock: Clock,
    options: SiteOptions,
    health: Sequence[Health],
    secret: bytes,
    zone: ZoneInfo,
    filing: Filing | None,
) -> Site:
    return Site(
        storage=storage,
        desk=desk,
        clock=clock,
        options=options,
        health=health,
        key=secret,
        zone=zone,
        templates=make_templates(),
        pulse=Pulse(storage),
        posts=RateLimit(options.messages_per_minute, timedelta(minutes=1)),
        logins=RateLimit(options.login_attempts, timedelta(minutes=10)),
        filing=filing,
    )
