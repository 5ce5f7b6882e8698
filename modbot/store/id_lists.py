"""Lists of ids of any length in one bound parameter."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, select


def in_list(column: Any, values: Iterable[str | int]) -> ColumnElement[bool]:
    """`column IN (...)` through json_each, so that no limit on parameters applies."""
    listed = func.json_each(bindparam(None, json.dumps(list(values)))).table_valued("value")
    found: ColumnElement[bool] = column.in_(select(listed.c.value))
    return found
