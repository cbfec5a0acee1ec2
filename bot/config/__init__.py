"""The configuration: `load()` gives one frozen tree or says everything that is wrong with it at once.

It decides how settings are written and checked; it does not know what anybody does with them. Light to import: pydantic and no more.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from bot.config.checks import contradictions, warnings
from bot.config.mistakes import mistakes_of
from bot.config.sla import build_policy
from bot.config.sources import Tree, fill_secrets, find_file, overlay_environment, read_file
from bot.config.tree import (
    CHANNELS,
    DeskSettings,
    ImapSettings,
    IntakeSettings,
    LogSettings,
    MailboxSettings,
    MailSettings,
    OAuthSettings,
    RunSettings,
    Settings,
    SiteSettings,
    SlaSettings,
    SmtpSettings,
    StorageSettings,
    TelegramSettings,
)
from bot.config.values import Secret, parse_duration
from bot.errors import Misconfigured
from bot.sla.calendars import ZONE
from bot.sla.intervals import InvalidCalendar
from bot.sla.policy import InvalidPolicy

__all__ = [
    "CHANNELS",
    "DeskSettings",
    "ImapSettings",
    "IntakeSettings",
    "InvalidConfig",
    "LogSettings",
    "MailSettings",
    "MailboxSettings",
    "OAuthSettings",
    "RunSettings",
    "Secret",
    "Settings",
    "SiteSettings",
    "SlaSettings",
    "SmtpSettings",
    "StorageSettings",
    "TelegramSettings",
    "build_policy",
    "load",
    "parse_duration",
    "warnings",
]


class InvalidConfig(Misconfigured):
    """A configuration cannot be used; `mistakes` holds a sentence for each thing that is wrong."""

    def __init__(self, mistakes: tuple[Misconfigured, ...]) -> None:
        self.mistakes = mistakes
        super().__init__("У налаштуваннях є помилки: {count}\n{mistakes}", count=len(mistakes), mistakes="\n".join(map(str, mistakes)))


def load(path: Path | None = None, *, environ: Mapping[str, str] = os.environ) -> Settings:
    """The settings of a file (see `find_file` for which), the environment and secret files. Raises InvalidConfig."""
    file = find_file(path, environ)
    mistakes: list[Misconfigured] = []
    tree: Tree = {}
    if file is not None:
        try:
            tree = read_file(file)
        except Misconfigured as mistake:
            raise InvalidConfig((mistake,)) from mistake
    folder = file.resolve().parent if file else Path.cwd()
    overlay_environment(tree, environ, mistakes)
    fill_secrets(tree, folder, mistakes)
    settings = _validate(tree, folder, mistakes)
    _check_policy(tree, mistakes)
    if settings is None or mistakes:
        raise InvalidConfig(tuple(mistakes))
    return settings


def _validate(tree: Tree, folder: Path, mistakes: list[Misconfigured]) -> Settings | None:
    try:
        # Named even when the file does not: only a table that is read here gets its folder put before its default path.
        settings = Settings.model_validate({"desk": {}} | tree, context={"folder": folder})
    except ValidationError as invalid:
        errors = invalid.errors(include_url=False)
        mistakes.extend(mistakes_of(errors, Settings))
        mistakes.extend(_contradictions_beside(errors, tree, folder))
        return None
    mistakes.extend(contradictions(settings))
    return settings


def _contradictions_beside(errors: Sequence[ErrorDetails], tree: Tree, folder: Path) -> Iterator[Misconfigured]:
    """What contradicts itself in the sections that could be read: a slip in another one must not hide it until the next check."""
    spoilt = {str(error["loc"][0]) for error in errors if error["loc"]}
    sound = {name: section for name, section in tree.items() if name not in spoilt}
    try:
        yield from contradictions(Settings.model_validate({"desk": {}} | sound, context={"folder": folder}))
    except ValidationError:
        # A spoilt section is one that cannot be left out; its own mistakes are told already.
        return


def _check_policy(tree: Tree, mistakes: list[Misconfigured]) -> None:
    """The promises are checked on their own, so that a slip elsewhere in the file does not hide a slip in them."""
    try:
        sla = SlaSettings.model_validate(tree.get("sla", {}))
        build_policy(sla, zone=ZONE)
    except (ValidationError, InvalidCalendar):
        # A preset is invalid only on a machine without zone data, which is told of the desk's zone already.
        return
    except InvalidPolicy as invalid:
        mistakes.extend(invalid.mistakes)
