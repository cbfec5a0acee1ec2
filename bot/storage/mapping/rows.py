"""The shapes that rows come and go in."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

Values = dict[str, Any]
AnyRow = Row[Any]
