"""What SQLite and PostgreSQL say differently. Every query elsewhere is written once, for both.

SQL that is given to the driver as text marks its values by `?` in both, and has no `%`
(modbot/store/postgres.py hands it on as psycopg wants it).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    Integer,
    String,
    Table,
    Text,
    TextClause,
    TypeDecorator,
    bindparam,
    func,
    text,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeEngine

from modbot.stored_text import shown

POSTGRES = "postgresql"
ONE_STATEMENT = "audit"  # its length is kept once a statement (migrations/guards.py)


def is_postgres(bound: Connection) -> bool:
    """Whether these statements go to PostgreSQL; else they go to SQLite."""
    return bound.dialect.name == POSTGRES


class _JsonText(TypeDecorator[Any]):
    """Canonical JSON as the text that is hashed: PostgreSQL's own types would write it anew."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        return json.dumps(value, sort_keys=True, separators=(",", ":"))

    def process_result_value(self, value: Any, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


StoredJson = JSON().with_variant(_JsonText(), POSTGRES)


class _Listed(TypeDecorator[Any]):
    """A list in one bound parameter: JSON text, or an array."""

    impl = String
    cache_ok = True

    def __init__(self, whole_numbers: bool = False) -> None:
        super().__init__()
        self.whole_numbers = whole_numbers

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != POSTGRES:
            return dialect.type_descriptor(String())
        return dialect.type_descriptor(ARRAY(BigInteger() if self.whole_numbers else Text()))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name != POSTGRES:
            return json.dumps(value)
        return [shown(each) if isinstance(each, str) else each for each in value]


class _Among(FunctionElement[bool]):
    name = "among"
    type = Boolean()
    inherit_cache = True

    def __init__(self, column: Any, listed: ColumnElement[Any], *, look_up: bool) -> None:
        super().__init__(column, listed)
        self._look_up = look_up

    def self_group(self, against: Any = None) -> Any:
        """As part of an AND it would be written `... = 1` for SQLite, which then uses no index."""
        return self if self._look_up else super().self_group(against)


@compiles(_Among)
def _among_json(element: _Among, compiler: Any, **kw: Any) -> str:
    column, listed = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({listed}))"


@compiles(_Among, POSTGRES)
def _among_array(element: _Among, compiler: Any, **kw: Any) -> str:
    column, listed = (compiler.process(part, **kw) for part in element.clauses)
    return f"{column} = ANY ({listed})"


def in_list(
    column: Any, values: Iterable[str | int], *, look_up: bool = True
) -> ColumnElement[bool]:
    """`column IN (...)` for lists of any length: no limit on parameters applies.

    An index of the column serves, as for a few ids. Without `look_up` the other conditions choose
    the order in which rows are read, and SQLite only leaves out what is not in the list: for a
    list that most rows are in, as of somebody's pages."""
    listed = bindparam(None, list(values), type_=_list_type(column))
    return _Among(column, listed, look_up=look_up)


def among(column: Any, listed: ColumnElement[Any]) -> ColumnElement[bool]:
    """in_list() of a parameter that is bound later, to look rows up; list_parameter() makes it."""
    return _Among(column, listed, look_up=True)


def list_parameter(name: str, *, whole_numbers: bool) -> BindParameter[Any]:
    """A named parameter that takes a list."""
    return bindparam(name, type_=_Listed(whole_numbers))


def _list_type(column: Any) -> _Listed:
    return _Listed(isinstance(column.type, Integer))


class _RowsAsJson(FunctionElement[str]):
    name = "rows_as_json"
    type = Text()
    inherit_cache = True


@compiles(_RowsAsJson)
def _rows_in_sqlite(element: _RowsAsJson, compiler: Any, **kw: Any) -> str:
    listed = ", ".join(compiler.process(part, **kw) for part in element.clauses)
    return f"json_group_array(json_array({listed}))"


@compiles(_RowsAsJson, POSTGRES)
def _rows_in_postgres(element: _RowsAsJson, compiler: Any, **kw: Any) -> str:
    listed = ", ".join(compiler.process(part, **kw) for part in element.clauses)
    return f"CAST(coalesce(json_agg(json_build_array({listed})), '[]') AS TEXT)"


def rows_as_json(*columns: Any) -> ColumnElement[str]:
    """Every row of the query as one JSON text, an array of arrays; truth is 0 or 1 in SQLite."""
    return _RowsAsJson(*columns)


class _PlaceOf(FunctionElement[int]):
    name = "place_of"
    type = Integer()
    inherit_cache = True


@compiles(_PlaceOf)
def _place_in_sqlite(element: _PlaceOf, compiler: Any, **kw: Any) -> str:
    return f"instr({compiler.process(element.clauses, **kw)})"


@compiles(_PlaceOf, POSTGRES)
def _place_in_postgres(element: _PlaceOf, compiler: Any, **kw: Any) -> str:
    return f"strpos({compiler.process(element.clauses, **kw)})"


def holds_text(column: Any, part: str) -> ColumnElement[bool]:
    """Whether a column's text, of a StoredJson column its JSON, has this in it."""
    return _PlaceOf(column, bindparam(None, part, type_=String())) > 0


def any_true(column: Any) -> ColumnElement[Any]:
    """1 when a column of truth values is true in some row of a group, else 0."""
    return func.max(func.coalesce(_number(column), 0))


def _number(column: Any) -> ColumnElement[int]:
    return column.cast(Integer)  # type: ignore[no-any-return]


def insert_once(table: Table) -> Any:
    """An INSERT that leaves out what a unique index refuses: on_conflict_do_nothing() is set."""
    return postgresql.insert(table).on_conflict_do_nothing()  # which SQLite takes as it is


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Inserts rows in stored form; every row has the first one's fields."""
    insert_values(connection, table, list(rows[0]), [tuple(row.values()) for row in rows])


def insert_values(
    connection: Connection,
    table: Table,
    names: Sequence[str],
    values: Sequence[tuple[Any, ...]],
) -> None:
    """insert_rows() of the values alone, one or more rows of them, in the order of `names`."""
    if is_postgres(connection):
        truths = [place for place, n in enumerate(names) if isinstance(table.c[n].type, Boolean)]
        values = [_with_truths(row, truths) for row in values] if truths else values
        if table.name == ONE_STATEMENT and len(values) > 1:
            _copy(connection, table.name, names, values)
            return
    marks = ", ".join("?" * len(names))
    statement = f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"
    connection.exec_driver_sql(statement, values)


def _with_truths(row: tuple[Any, ...], places: Sequence[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in places:
        values[place] = None if values[place] is None else bool(values[place])
    return tuple(values)


def _copy(
    connection: Connection, table: str, names: Sequence[str], rows: Iterable[tuple[Any, ...]]
) -> None:
    """One statement for all rows. The server's log quotes a line that it refuses: not for texts."""
    statement = f"COPY {table} ({', '.join(names)}) FROM STDIN"
    errors = connection.dialect.loaded_dbapi.Error
    cursor: Any = connection.connection.cursor()
    with closing(cursor):
        try:
            with cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        except errors as error:
            raise DBAPIError.instance(
                statement, None, error, errors, hide_parameters=True, dialect=connection.dialect
            ) from error


def listed_text(connection: Connection, query: str, column: str) -> TextClause:
    """A query that ends in WHERE, with `column` among those of the parameter `listed`, a list of
    whole numbers."""
    sign = (
        "= ANY (:listed)"
        if is_postgres(connection)
        else "IN (SELECT value FROM json_each(:listed))"
    )
    return text(f"{query} {column} {sign}").bindparams(list_parameter("listed", whole_numbers=True))


def as_stored(value: object) -> object:
    """A value as SQLite hands it back, and as it is hashed: truth is 0 or 1."""
    return int(value) if isinstance(value, bool) else value
