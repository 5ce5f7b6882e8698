"""What the checks of the record ask PostgreSQL in other words than SQLite.

There is no quick proof here: PostgreSQL writes JSON in another form than the one that is hashed.
Each row is looked at by itself.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import count
from typing import Any

from modbot.dialects import as_stored
from modbot.migrations import guards

ROWS_AT_ONCE = 2000
_numbers = count(1)

HIGHEST = "SELECT seq FROM audit_length"
# A comment's first version, with the link that told of it, and the newest link about the comment.
# The hash is found as text: an id with a NUL in it is JSON that PostgreSQL does not take apart.
COMMENTS = (
    "SELECT DISTINCT ON (t.id) a.seq, "
    'substring(a.detail from \'"comment_sha256":"([0-9a-f]{64})"\'), n.seq, n.row_sha256, '
    "t.versions, (SELECT max(number) FROM version WHERE comment_row = t.id), __FIELDS__ "
    "FROM comment t LEFT JOIN version v ON v.comment_row = t.id AND v.number = 1 "
    "LEFT JOIN audit a ON a.row_table = 'version' AND a.row_id = CAST(v.id AS TEXT) "
    "LEFT JOIN (SELECT DISTINCT ON (row_id) row_id, seq, row_sha256 FROM audit "
    "WHERE row_table = 'comment' ORDER BY row_id, seq DESC) n ON n.row_id = CAST(t.id AS TEXT) "
    "ORDER BY t.id, a.seq"
)
# With the hash of the files, which are large, in place of them.
KEPT = "SELECT name, sha256, kept_at, encode(sha256(files), 'hex') FROM kept ORDER BY name"
_TRIGGERS = (
    "SELECT t.tgname, f.proname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
    "JOIN pg_proc f ON f.oid = t.tgfoid WHERE c.relnamespace = current_schema()::regnamespace "
    "AND NOT t.tgisinternal AND t.tgenabled IN ('O', 'A')"
)
_BODIES = (
    "SELECT proname, prosrc FROM pg_proc WHERE pronamespace = current_schema()::regnamespace "
    "AND proname IN ('modbot_refuse', 'modbot_audit_gap')"
)
_FUNCTIONS = {"modbot_refuse": guards.REFUSE, "modbot_audit_gap": guards.LENGTH}
_NUMBERS = ("next_id", "modbot_next_id")  # gives numbers to rows, guards nothing


def asks_postgres(connection: Any) -> bool:
    """Whether this is a connection of psycopg."""
    return type(connection.driver_connection).__module__.startswith("psycopg")


def rows(connection: Any, query: str, values: tuple[object, ...]) -> Iterator[tuple[Any, ...]]:
    """The rows of a query as SQLite would hand them back, some at a time."""
    if values:
        cursor = connection.cursor()
    else:  # of any length: kept by the server
        cursor = connection.cursor(name=f"modbot_{next(_numbers)}")
        cursor.itersize = ROWS_AT_ONCE
    try:
        cursor.execute(query.replace("?", "%s"), values or None)
        for row in cursor:
            yield tuple(map(as_stored, row))
    finally:
        cursor.close()


def guards_there(connection: Any, expected: Collection[str]) -> set[str]:
    """Triggers by name: the expected ones that do what they did, and all others."""
    bodies = dict(rows(connection, _BODIES, ()))
    whole = {name for name, text in _FUNCTIONS.items() if bodies.get(name) == text.split("$$")[1]}
    return {
        trigger
        for trigger, function in rows(connection, _TRIGGERS, ())
        if (function in whole if trigger in expected else (trigger, function) != _NUMBERS)
    }


def guards_expected(names: Collection[str]) -> frozenset[str]:
    """With those that refuse TRUNCATE, which SQLite does not know."""
    deletes = [name for name in names if name.endswith("_delete")]
    return frozenset((*names, *(f"{n.removesuffix('_delete')}_truncate" for n in deletes)))
