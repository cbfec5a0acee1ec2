"""A call's parameters: out of query, form, multipart or JSON, into the declared types, or a 400.

Stricter than the real server on purpose: a parameter that a method does not know is an error, so that a misspelt one is found here.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from aiohttp import web

from bot.channels.telegram.sandbox.answers import Json, bad_request


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that came in the request."""

    content: bytes
    name: str
    content_type: str


def declared(line: str) -> dict[str, str]:
    """'chat_id:int text:str' as a mapping of parameter to type: int, str, bool, json or file."""
    return dict(part.split(":", 1) for part in line.split())


async def read(request: web.Request) -> tuple[Json, dict[str, Upload]]:
    """Everything the request carries: raw parameters and uploads by field name."""
    raw: Json = dict(request.query)
    uploads: dict[str, Upload] = {}
    if request.content_type == "application/json" and request.can_read_body:
        raw |= await _json_body(request)
    elif request.can_read_body:
        for name, value in (await request.post()).items():
            if isinstance(value, web.FileField):
                uploads[name] = Upload(content=value.file.read(), name=value.filename, content_type=value.content_type)
            else:
                raw[name] = value
    return raw, uploads


def checked(method: str, raw: Json, uploads: Mapping[str, Upload], required: Mapping[str, str], optional: Mapping[str, str]) -> Json:
    """`raw` in the declared types, uploads in their places. An empty value counts as absent, as on the server."""
    known = {**required, **optional}
    attached = {str(value).removeprefix("attach://") for value in raw.values() if str(value).startswith("attach://")}
    for name in [*raw, *uploads]:
        if name not in known and name not in attached:
            raise bad_request(f"unknown parameter {name!r} for {method} (the sandbox is strict about this)")
    values = {name: _typed(name, value, known[name], uploads) for name, value in raw.items() if name in known and value not in ("", None)}
    values |= {name: upload for name, upload in uploads.items() if name in known}
    for name in required:
        if name not in values:
            raise bad_request("message text is empty" if name == "text" else f"parameter {name!r} is required for {method}")
    return values


async def _json_body(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise bad_request("can't parse request JSON object") from None
    if not isinstance(body, dict):
        raise bad_request("request JSON object expected")
    return body


def _typed(name: str, value: object, kind: str, uploads: Mapping[str, Upload]) -> object:
    _check_unicode(name, value)
    match kind:
        case "int":
            return _integer(name, value)
        case "bool":
            return value if isinstance(value, bool) else str(value).lower() in ("true", "1")
        case "json":
            return _structure(name, value)
        case "file":
            text = str(value)
            return _attached(text, uploads) if text.startswith("attach://") else text
    if not isinstance(value, str):
        raise bad_request(f"parameter {name!r} must be of type String")
    return value


def _integer(name: str, value: object) -> int:
    try:
        if isinstance(value, bool) or not isinstance(value, int | str):
            raise ValueError
        return int(value)
    except ValueError:
        raise bad_request(f"parameter {name!r} must be of type Integer") from None


def _structure(name: str, value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise bad_request(f"can't parse {name} JSON object") from None


def _attached(reference: str, uploads: Mapping[str, Upload]) -> Upload:
    if (upload := uploads.get(reference.removeprefix("attach://"))) is None:
        raise bad_request(f"attached file {reference!r} was not sent")
    return upload


def _check_unicode(name: str, value: object) -> None:
    """A lone surrogate in a JSON escape is no character: the server's JSON reader refuses the whole request."""
    try:
        str(value).encode()
    except UnicodeEncodeError:
        raise bad_request(f"strings must be encoded in UTF-8 ({name})") from None
