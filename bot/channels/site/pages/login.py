"""Coming in and going out: one-time links, sessions, the language of the pages."""

from __future__ import annotations

import secrets
from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from bot.channels.site.access import end_session, form_token, peek_link, start_session, use_link
from bot.channels.site.answers import own_path
from bot.channels.site.context import Site, page, site_of
from bot.channels.site.gate import AgentPost, ContactPost, PostedByAgent, PostedByContact, verified_form
from bot.channels.site.visitors import LANGUAGE_COOKIE, cookie_name, role_of
from bot.texts import LANGUAGES

router = APIRouter()
_LINK_COOKIE = "deskbot_link"
_HOMES = {"contact": "/", "agent": "/staff"}


@router.get("/login")
async def without_link(request: Request) -> Response:
    """For whoever has no link: how to get one."""
    return page(request, "login.html")


@router.get("/login/{token}")
async def show_link(request: Request, token: str) -> Response:
    """Asks before it lets in: programs that open the links of a mail to look at them must not use them up."""
    site = site_of(request)
    now = site.clock.now()
    async with site.storage.read() as uow:
        subject = await peek_link(uow, token, key=site.key, now=now)
    if subject is None:
        return _no_entry(request)
    # Bound to this browser: nobody can make another person's browser log in as somebody else.
    nonce = request.cookies.get(_LINK_COOKIE) or secrets.token_urlsafe(24)
    answer = page(request, "login_confirm.html", link_key=form_token(site.key, nonce), token=token)
    _set_cookie(answer, site, _LINK_COOKIE, nonce, timedelta(minutes=30))
    return answer


@router.post("/login/{token}")
async def enter(request: Request, token: str) -> Response:
    """Uses the link up and starts a session."""
    site = site_of(request)
    now = site.clock.now()
    await verified_form(request, request.cookies.get(_LINK_COOKIE, ""))
    async with site.storage.write() as uow:
        subject = await use_link(uow, token, key=site.key, now=now)
        if subject is None:
            return _no_entry(request)
        cookie = await start_session(uow, subject=subject, now=now, lifetime=site.options.session_lifetime)
        await uow.commit()
    role = role_of(subject)
    answer = RedirectResponse(_HOMES[role], status_code=303)
    _set_cookie(answer, site, cookie_name(role, is_https=site.options.is_https), cookie, site.options.session_lifetime)
    answer.delete_cookie(_LINK_COOKIE)
    return answer


def _no_entry(request: Request) -> Response:
    """Only links that open nothing are counted: a whole office behind one address comes in, a guesser is slowed down."""
    site = site_of(request)
    if not site.logins.allow(_network_address(request), site.clock.now()):
        return page(request, "login.html", status=429, trouble="many")
    return page(request, "login.html", status=404, trouble="used")


@router.post("/logout")
async def leave_as_contact(request: Request, posted: ContactPost) -> Response:
    return await _leave(request, posted, "contact")


@router.post("/staff/logout")
async def leave_as_agent(request: Request, posted: AgentPost) -> Response:
    return await _leave(request, posted, "agent")


async def _leave(request: Request, posted: PostedByContact | PostedByAgent, role: str) -> Response:
    site = site_of(request)
    async with site.storage.write() as uow:
        await end_session(uow, posted.visitor.cookie, now=site.clock.now())
        await uow.commit()
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(cookie_name(role, is_https=site.options.is_https), secure=site.options.is_https, httponly=True, samesite="lax")
    return answer


@router.post("/language")
async def contact_language(request: Request, posted: ContactPost) -> Response:
    """A contact's language is remembered with the person: the bot speaks it in every channel."""
    language = posted.fields.text("language", limit=5)
    if language in LANGUAGES:
        site = site_of(request)
        async with site.storage.write() as uow:
            contact = await uow.people.contact(posted.visitor.contact.id) or posted.visitor.contact
            await uow.people.save_contact(replace(contact, language=language))
            await uow.commit()
    return _with_language(request, language, posted.fields.text("back", limit=200))


@router.post("/staff/language")
async def agent_language(request: Request, posted: AgentPost) -> Response:
    return _with_language(request, posted.fields.text("language", limit=5), posted.fields.text("back", limit=200))


def _with_language(request: Request, language: str, back: str) -> Response:
    answer = RedirectResponse(own_path(back), status_code=303)
    if language in LANGUAGES:
        _set_cookie(answer, site_of(request), LANGUAGE_COOKIE, language, timedelta(days=365))
    return answer


def _set_cookie(answer: Response, site: Site, name: str, value: str, lifetime: timedelta) -> None:
    answer.set_cookie(
        name, value, max_age=int(lifetime.total_seconds()), httponly=True, secure=site.options.is_https, samesite="lax", path="/"
    )


def _network_address(request: Request) -> str:
    return request.client.host if request.client else "?"
