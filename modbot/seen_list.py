"""Comments that people saw in an app, as they write them down: a list in CSV."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, tzinfo

from modbot.errors import SeenListRefused

COLUMNS = ("text", "author", "post", "url", "time")
MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 10_000
LONGEST_TEXT = 100_000  # characters


@dataclass(frozen=True, kw_only=True)
class Seen:
    """One comment that somebody saw."""

    text: str
    author: str = ""
    post: str = ""  # what it is under, in the person's words
    url: str = ""
    time: str = ""  # as written down: ISO 8601, or empty

    @property
    def raw(self) -> bytes:
        """The row, to be kept as evidence."""
        return json.dumps(asdict(self), ensure_ascii=False).encode("utf-8", "surrogatepass")


def read_seen_list(content: bytes, zone: tzinfo, *, file: str = "") -> list[Seen]:
    """The rows of a CSV file with a heading; all of them or none.

    Raises SeenListRefused with the line: a file that was cut or misread must not pass for whole.
    """
    if len(content) > MOST_BYTES:
        raise SeenListRefused(f"larger than {MOST_BYTES // 1024 // 1024} MB", file=file)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        why = "not UTF-8; save it as CSV UTF-8"
        raise SeenListRefused(why, file=file, line=line) from None
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    csv.field_size_limit(LONGEST_TEXT)
    seen: list[Seen] = []
    try:
        names = _heading(next(rows, []), file)
        for row in rows:
            if any(cell.strip() for cell in row):
                seen.append(_row(row, names, zone, file, rows.line_num))
            if len(seen) > MOST_ROWS:
                raise SeenListRefused(f"more than {MOST_ROWS} rows; split it", file=file)
    except csv.Error as error:
        raise SeenListRefused(str(error), file=file, line=rows.line_num) from None
    if not seen:
        raise SeenListRefused("it holds no comment", file=file)
    return seen


def checked(seen: Seen, zone: tzinfo, *, file: str = "", line: int | None = None) -> Seen:
    """`seen`, when it may be taken in. Raises SeenListRefused."""
    if not seen.text.strip():
        raise SeenListRefused("the text is empty", file=file, line=line)
    if len(seen.text) > LONGEST_TEXT:
        raise SeenListRefused(f"longer than {LONGEST_TEXT} characters", file=file, line=line)
    if seen.url and not seen.url.startswith(("https://", "http://")):
        raise SeenListRefused("url must begin with https://", file=file, line=line)
    if seen.time:
        try:
            moment_of(seen, zone)
        except (ValueError, OverflowError):
            why = f"time {seen.time[:40]!r} must be written like 2026-09-09 14:30"
            raise SeenListRefused(why, file=file, line=line) from None
    return seen


def moment_of(seen: Seen, zone: tzinfo) -> datetime | None:
    """When it was written; a time without a zone is one of `zone`. Raises ValueError."""
    if not seen.time:
        return None
    moment = datetime.fromisoformat(seen.time)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def ids_of(seen: Iterable[Seen]) -> list[str]:
    """An id for each, the same when the same list is brought again. Equal rows of one list are
    different comments: the same words may well stand there twice."""
    counted: Counter[Seen] = Counter()
    ids = []
    for one in seen:
        counted[one] += 1
        digest = hashlib.sha256(one.raw + b"\0" + str(counted[one]).encode())
        ids.append(digest.hexdigest()[:32])
    return ids


def _heading(row: list[str], file: str) -> list[str]:
    names = [name.strip().lower() for name in row]
    unknown = sorted({repr(name) for name in names} - {repr(name) for name in COLUMNS})
    if "text" not in names or unknown or len(set(names)) != len(names):
        why = f"the first line must name the columns, among {', '.join(COLUMNS)}, text always"
        found = f"; unknown: {', '.join(unknown)[:200]}" if unknown else ""
        raise SeenListRefused(why + found, file=file, line=1)
    return names


def _row(row: list[str], names: list[str], zone: tzinfo, file: str, line: int) -> Seen:
    if len(row) != len(names):
        why = f"{len(row)} columns instead of {len(names)}; put a text with commas in quotes"
        raise SeenListRefused(why, file=file, line=line)
    cells = dict(zip(names, row, strict=True))
    rest = {name: cells.get(name, "").strip() for name in COLUMNS if name != "text"}
    return checked(Seen(text=cells["text"], **rest), zone, file=file, line=line)
