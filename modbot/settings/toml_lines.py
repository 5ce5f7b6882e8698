"""Where each key of a TOML text stands: `tomllib` gives values without lines."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Path = tuple[str | int, ...]

_KEY_PART = re.compile(r'[ \t]*("(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'|[A-Za-z0-9_-]+)[ \t]*')
_VALUE_TOKEN = re.compile(
    r'"""(?:\\.|[^\\])*?"""|\'\'\'.*?\'\'\'|"""[\s\S]*|\'\'\'[\s\S]*|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\''
    r"|#[^\n]*|[^\"'#\[\]{}\n]+|.",
    re.DOTALL,
)
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")


@dataclass(frozen=True, kw_only=True)
class Statement:
    """One table header or one `key = value`, and the line on which it begins."""

    path: Path
    line: int
    is_table: bool


class KeyLines:
    """The lines of a TOML text's keys; a broken text is read as far as it makes sense."""

    def __init__(self, text: str) -> None:
        self.statements = tuple(_statements(text))
        self._lines: dict[Path, int] = {}
        for statement in self.statements:
            for length in range(1, len(statement.path) + 1):
                self._lines.setdefault(statement.path[:length], statement.line)

    def line(self, path: Sequence[str | int]) -> int | None:
        """The line of a key, or of the nearest table around it; None for the whole text."""
        for length in range(len(path), 0, -1):
            found = self._lines.get(tuple(path[:length]))
            if found is not None:
                return found
        return None

    def at(self, line: int) -> Statement | None:
        """The statement that a line belongs to."""
        return next((s for s in reversed(self.statements) if s.line <= line), None)

    def duplicate(self) -> tuple[Statement, int] | None:
        """The first key or table that is set again, and the line where it was set before."""
        seen: dict[Path, int] = {}
        for statement in self.statements:
            if statement.path in seen:
                return statement, seen[statement.path]
            seen[statement.path] = statement.line
        return None


def _statements(text: str) -> Iterator[Statement]:
    table: Path = ()
    counts: dict[Path, int] = {}
    position, line = 0, 1
    while True:
        position, line = _skip_blank(text, position, line)
        if position >= len(text):
            return
        header = re.compile(r"\[\[?").match(text, position)
        keys, after = _key_path(text, header.end() if header else position)
        if header:
            table = _table_path(keys, counts, repeated=header.end() - position == 2)
        if keys:
            yield Statement(
                path=table if header else table + keys, line=line, is_table=bool(header)
            )
        end = _end_of_value(text, after, in_header=bool(header))
        line += text.count("\n", position, end)
        position = end


def _skip_blank(text: str, position: int, line: int) -> tuple[int, int]:
    end = _BLANK.match(text, position)
    assert end is not None  # matches the empty text as well
    return end.end(), line + text.count("\n", position, end.end())


def _key_path(text: str, position: int) -> tuple[Path, int]:
    keys: list[str] = []
    while part := _KEY_PART.match(text, position):
        keys.append(_unquoted(part[1]))
        position = part.end()
        if text[position : position + 1] != ".":
            break
        position += 1
    return tuple(keys), position


def _unquoted(key: str) -> str:
    if key[0] not in "\"'":
        return key
    try:
        return str(tomllib.loads(f"key = {key}")["key"])
    except tomllib.TOMLDecodeError:
        return key[1:-1]


def _table_path(keys: Path, counts: dict[Path, int], *, repeated: bool) -> Path:
    """The full path of a header, with the place of each array element on the way."""
    path: Path = ()
    for number, key in enumerate(keys, start=1):
        path = (*path, key)
        if repeated and number == len(keys):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _end_of_value(text: str, position: int, *, in_header: bool) -> int:
    depth = 0
    for token in _VALUE_TOKEN.finditer(text, position):
        character = token[0]
        if character == "\n" and (depth <= 0 or in_header):
            return token.end()
        depth += (character in "[{") - (character in "]}")
    return len(text)
