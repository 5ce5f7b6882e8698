"""Reads a TOML file into a checked value; every fault names file, line and key."""

from __future__ import annotations

import difflib
import os
import re
import stat
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError

from modbot.errors import BadConfig
from modbot.plain_text import one_line
from modbot.settings.toml_lines import KeyLines

FILE_CAP_BYTES = 1_000_000

Checked = TypeVar("Checked", bound=BaseModel)


def read_bytes(path: Path) -> bytes:
    """A configuration file's bytes. Raises BadConfig when missing, unreadable or over 1 MB."""
    try:
        # Not blocking: a pipe without a writer would otherwise hold the service for ever.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise BadConfig("cannot be read (not a file)", file=str(path))
            with open(descriptor, "rb", closefd=False) as file:
                data = file.read(FILE_CAP_BYTES + 1)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise BadConfig(f"cannot be read ({error.strerror})", file=str(path)) from None
    if len(data) > FILE_CAP_BYTES:
        raise BadConfig("is larger than 1 MB", file=str(path))
    return data


def decode(data: bytes, path: Path) -> str:
    """The file's text. Raises BadConfig with the line of the first byte that is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadConfig("is not UTF-8 text", file=str(path), line=line) from None


def parse(data: bytes, path: Path, model: type[Checked]) -> Checked:
    """The file's values as `model`. Raises BadConfig."""
    text = decode(data, path)
    values = _toml(text, path)
    try:
        return model.model_validate(values, strict=True)
    except ValidationError as error:
        raise _named(error, model, KeyLines(text), path) from None


def _toml(text: str, path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise BadConfig("values are nested too deeply", file=str(path)) from None
    except ValueError as error:  # TOMLDecodeError, or a whole number of thousands of digits
        raise _syntax_fault(str(error), text, path) from None


def _syntax_fault(message: str, text: str, path: Path) -> BadConfig:
    lines = KeyLines(text)
    again = lines.duplicate()
    if again and message.startswith("Cannot"):
        statement, before = again
        return BadConfig(
            f"is set twice (first on line {before})",
            file=str(path),
            line=statement.line,
            key=_dotted(statement.path),
        )
    place = re.search(r" \(at line (\d+), column \d+\)", message)
    last = lines.statements[-1].line if lines.statements else 1
    line = int(place[1]) if place else last
    near = lines.at(line)
    if message.startswith("Exceeds"):
        message, line, near = "a number has too many digits", last, None
    plain = re.sub(r" \(at .*\)$", "", message)
    return BadConfig(
        f"is not valid TOML: {one_line(plain)}",
        file=str(path),
        line=line,
        key=_dotted(near.path) if near else "",
    )


def _named(
    error: ValidationError, model: type[BaseModel], lines: KeyLines, path: Path
) -> BadConfig:
    """The first fault in file order; the value itself is never repeated.

    What is missing comes last: a misspelt key is often why.
    """
    faults = error.errors(include_url=False, include_input=False)
    placed = sorted(faults, key=lambda f: (f["type"] == "missing", lines.line(_place(f)) or 0))
    fault = placed[0]
    more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
    return BadConfig(
        _message(fault, model) + more,
        file=str(path),
        line=lines.line(_place(fault)),
        key=_dotted(_place(fault)),
    )


def _place(fault: ErrorDetails) -> tuple[str | int, ...]:
    """The key at fault; where several keys do not go together, the one that misplaced() names."""
    return (*fault["loc"], *fault.get("ctx", {}).get("below", ()))


def misplaced(message: str, *below: str) -> PydanticCustomError:
    """For a validator of a whole table to raise: what is wrong with the key `below` that table."""
    return PydanticCustomError("misplaced", "{message}", {"message": message, "below": below})


def _message(fault: ErrorDetails, model: type[BaseModel]) -> str:
    if fault["type"] == "extra_forbidden":
        near = difflib.get_close_matches(str(fault["loc"][-1]), _known_keys(model, fault["loc"]), 1)
        return "unknown key" + (f"; did you mean {near[0]}?" if near else "")
    if fault["type"] == "missing":
        return "is missing"
    message = fault["msg"].removeprefix("Value error, ").removeprefix("Input ")
    return one_line(message[:1].lower() + message[1:])


def _known_keys(model: type[BaseModel], loc: Sequence[str | int]) -> list[str]:
    """The keys that the model knows at the place of `loc`."""
    for step in loc[:-1]:
        field = model.model_fields.get(str(step))
        kind = field.annotation if field else None
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return []
        model = kind
    return list(model.model_fields)


def _dotted(path: Sequence[str | int]) -> str:
    return one_line(".".join(str(step) for step in path))
