"""Comments that people saw in an app, as they write them down: a list in CSV.

Separated by commas, semicolons or tabs (what a spreadsheet saves, and what it hands to a paste).
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo

from modbot.errors import SeenListRefused

COLUMNS = ("text", "author", "post", "url", "time")
SEPARATORS = ",;\t"
MOST_BYTES = 20 * 1024 * 1024
MOST_ROWS = 100_000
LONGEST_TEXT = 100_000  # characters
LONGEST_OTHER = 2_000  # of author, post, url and time
AHEAD = timedelta(days=1)  # that a time may lie in the future: a clock or a zone is a little wrong


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


@dataclass(frozen=True, kw_only=True)
class Terms:
    """What a list is read with. `zone` is that of times without one, `now` the end of the past."""

    zone: tzinfo
    now: datetime
    file: str = ""  # its name, for what is said of it
    most_rows: int = MOST_ROWS


def read_seen_list(content: bytes, terms: Terms) -> list[Seen]:
    """The rows of a CSV file with a heading; all of them or none.

    Raises SeenListRefused with the line: a file that was cut or misread must not pass for whole.
    """
    file = terms.file
    if len(content) > MOST_BYTES:
        most = str(MOST_BYTES // 1024 // 1024)
        raise SeenListRefused(f"larger than {most} MB", file=file, why="large", what=most)
    text = _decoded(content, file)
    csv.field_size_limit(LONGEST_TEXT + 1)
    rows = csv.reader(io.StringIO(text, newline=""), strict=True, delimiter=_separator(text))
    seen: list[Seen] = []
    line = 1  # on which the row begins that is read
    try:
        names = _heading(next(rows, []), file)
        while line := rows.line_num + 1:
            row = next(rows, None)
            if row is None:
                break
            if not any(cell.strip() for cell in row):
                continue
            if len(seen) == terms.most_rows:
                most = f"{terms.most_rows:,}"
                said = f"more than {most} rows; bring what begins with this line as another list"
                raise SeenListRefused(said, file=file, line=line, why="many", what=most)
            seen.append(_row(row, names, terms, line))
    except csv.Error as error:
        said = f"{error}; perhaps a quotation mark that nothing closes"
        raise SeenListRefused(said, file=file, line=line, why="quote") from None
    if not seen:
        raise SeenListRefused("it holds no comment", file=file, why="empty")
    return seen


def checked(seen: Seen, terms: Terms, *, line: int | None = None) -> Seen:
    """`seen`, when it may be taken in. Raises SeenListRefused."""
    file = terms.file
    if not seen.text.strip():
        raise SeenListRefused("the text is empty", file=file, line=line, why="no_text")
    if len(seen.text) > LONGEST_TEXT:
        most = f"{LONGEST_TEXT:,}"
        said = f"the text is longer than {most} characters"
        raise SeenListRefused(said, file=file, line=line, why="long", what=most)
    if max(map(len, (seen.author, seen.post, seen.url, seen.time))) > LONGEST_OTHER:
        most = f"{LONGEST_OTHER:,}"
        said = f"author, post, url or time is longer than {most} characters"
        raise SeenListRefused(said, file=file, line=line, why="long", what=most)
    if seen.url and not seen.url.startswith(("https://", "http://")):
        raise SeenListRefused("url must begin with https://", file=file, line=line, why="url")
    if seen.time:
        _check_time(seen, terms, line)
    return seen


def moment_of(seen: Seen, zone: tzinfo) -> datetime | None:
    """When it was written; a time without a zone is one of `zone`. Raises ValueError."""
    if not seen.time:
        return None
    moment = datetime.fromisoformat(seen.time)
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def ids_of(seen: Iterable[Seen], zone: tzinfo) -> list[str]:
    """An id for each, the same when the same list is brought again, also after a spreadsheet saved
    it with other separators, line ends or ways to write a time. Equal rows of one list are
    different comments: the same words may well stand there twice."""
    counted: Counter[Seen] = Counter()
    ids = []
    for one in seen:
        plain = _plain(one, zone)
        counted[plain] += 1
        digest = hashlib.sha256(plain.raw + b"\0" + str(counted[plain]).encode())
        ids.append(digest.hexdigest()[:32])
    return ids


def digest_of(seen: Sequence[Seen]) -> str:
    """SHA-256 over the rows as they were written, to name a list in the record."""
    found = hashlib.sha256()
    for one in seen:
        found.update(one.raw + b"\n")
    return found.hexdigest()


def _plain(one: Seen, zone: tzinfo) -> Seen:
    text = one.text.replace("\r\n", "\n").replace("\r", "\n").strip()
    moment = moment_of(one, zone)
    if moment is None:
        return replace(one, text=text)
    local = moment.astimezone(zone).replace(tzinfo=None)
    exact = local.second or local.microsecond
    written = local.isoformat(sep=" ") if exact else local.isoformat(sep=" ", timespec="minutes")
    return replace(one, text=text, time=written)


def _decoded(content: bytes, file: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        said = (
            "not UTF-8 (Windows-1252, perhaps); save it as CSV UTF-8, which also keeps emoji and"
            " other scripts"
        )
        raise SeenListRefused(said, file=file, line=line, why="encoding") from None


def _separator(text: str) -> str:
    """What makes the most known columns of the first line; a comma where none does."""
    first = text.partition("\n")[0]

    def known(separator: str) -> int:
        names = (name.strip(' "\r').lower() for name in first.split(separator))
        return len(set(names) & set(COLUMNS))

    return max(SEPARATORS, key=known)


def _heading(row: list[str], file: str) -> list[str]:
    names = [name.strip().lower() for name in row]
    while names and not names[-1]:  # empty columns that a spreadsheet adds on the right
        names.pop()
    unknown = sorted({repr(name) for name in names} - {repr(name) for name in COLUMNS})
    if "text" not in names or unknown or len(set(names)) != len(names):
        why = f"the first line must name the columns, among {', '.join(COLUMNS)}, text always"
        found = ", ".join(unknown)[:200]
        said = why + (f"; unknown: {found}" if found else "")
        raise SeenListRefused(said, file=file, line=1, why="heading", what=", ".join(COLUMNS))
    return names


def _row(row: list[str], names: list[str], terms: Terms, line: int) -> Seen:
    while len(row) > len(names) and not row[-1].strip():
        row = row[:-1]
    if len(row) != len(names):
        said = f"{len(row)} columns instead of {len(names)}; put a text with commas in quotes"
        what = f"{len(row)} / {len(names)}"
        raise SeenListRefused(said, file=terms.file, line=line, why="columns", what=what)
    cells = dict(zip(names, row, strict=True))
    rest = {name: cells.get(name, "").strip() for name in COLUMNS if name != "text"}
    return checked(Seen(text=cells["text"], **rest), terms, line=line)


def _check_time(seen: Seen, terms: Terms, line: int | None) -> None:
    shown = repr(seen.time[:40])
    try:
        moment = moment_of(seen, terms.zone)
        assert moment is not None
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        said = f"time {shown} must be written like 2026-09-09 14:30"
        raise SeenListRefused(said, file=terms.file, line=line, why="time", what=shown) from None
    if moment > terms.now + AHEAD or moment.year < 1990:
        said = f"time {shown} is no time at which somebody can have seen it"
        raise SeenListRefused(said, file=terms.file, line=line, why="when", what=shown)
