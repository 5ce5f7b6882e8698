"""Lists of comments as people and spreadsheets write them: all of a list is taken, or its fault is
told with the line."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from modbot.errors import SeenListRefused
from modbot.seen_list import (
    COLUMNS,
    MOST_BYTES,
    Seen,
    Terms,
    checked,
    ids_of,
    moment_of,
    read_seen_list,
)
from tests.fakes import SCHOOL_DAY

ZONE = ZoneInfo("America/New_York")
TERMS = Terms(zone=ZONE, now=SCHOOL_DAY + timedelta(days=30), file="seen.csv")


def read(text: str | bytes) -> list[Seen]:
    return read_seen_list(text.encode() if isinstance(text, str) else text, TERMS)


def refusal(text: str | bytes, terms: Terms = TERMS) -> SeenListRefused:
    content = text.encode() if isinstance(text, str) else text
    with pytest.raises(SeenListRefused) as caught:
        read_seen_list(content, terms)
    return caught.value


PLAIN = 'text,author,time\n"hey, you",kid7,2026-09-09 14:30\nolé 🎉,kid8,\n'


@pytest.mark.parametrize(
    "written",
    [
        PLAIN.encode("utf-8-sig"),
        PLAIN.replace("\n", "\r\n").encode(),
        b'text;author;time\n"hey, you";kid7;2026-09-09 14:30\n' + "olé 🎉;kid8;\n".encode(),
        b"text\tauthor\ttime\nhey, you\tkid7\t2026-09-09 14:30\n" + "olé 🎉\tkid8\t\n".encode(),
        b' Text , AUTHOR ,time,,\n"hey, you",kid7,2026-09-09 14:30,,\n\n,,,,\n'
        + "olé 🎉,kid8,,,\n".encode(),
        b'author,time,text\nkid7,2026-09-09 14:30,"hey, you"\n' + "kid8,,olé 🎉".encode(),
    ],
    ids=["with a mark", "line ends of Windows", "semicolons", "tabs", "a spreadsheet's", "order"],
)
def test_a_list_reads_the_same_however_a_spreadsheet_saved_it(written: bytes) -> None:
    assert read(written) == [
        Seen(text="hey, you", author="kid7", time="2026-09-09 14:30"),
        Seen(text="olé 🎉", author="kid8"),
    ]


FAULTS = [
    (PLAIN.replace(" 🎉", "").encode("windows-1252"), 3, "save it as CSV UTF-8"),
    (PLAIN.encode("utf-16"), 1, "save it as CSV UTF-8"),
    ("author,time\nkid7,\n", 1, "text always"),
    ("hello there\n", 1, "unknown: 'hello there'"),
    ("text,text\na,b\n", 1, "must name the columns"),
    ("text,author,colour\nhi,kid,red\n", 1, "unknown: 'colour'"),
    ("text,author\nhi,kid\nhey, you,kid\n", 3, "3 columns instead of 2"),
    ("text;author\nhi;kid\nhi\n", 3, "1 columns instead of 2"),
    ("text,author\nhi,kid\n ,kid\n", 3, "the text is empty"),
    ('text,author\nhi,kid\n"so it begins,kid\nhey,kid\nho,kid\n', 3, "nothing closes"),
    ('text,author\nhi,kid\n"one" two,kid\n', 3, "quotation mark"),
    ('text,author\n"one\ntwo\nthree",kid\n"four\nfive"\n', 5, "1 columns instead of 2"),
    ("text,time\nhi,09/09/2026 2:30 PM\n", 2, "must be written like 2026-09-09 14:30"),
    ("text,time\nhi,2026-02-30\n", 2, "must be written like 2026-09-09 14:30"),
    ("text,time\nhi,2062-09-09 14:30\n", 2, "is no time at which somebody can have seen it"),
    ("text,time\nhi,0001-01-01T00:00:00+14:00\n", 2, "must be written like"),
    ("text,time\nhi,9999-12-31 23:59\n", 2, "must be written like"),
    ("text,url\nhi,javascript:alert(1)\n", 2, "url must begin with https://"),
    ("text,author\nhi," + "x" * 2001 + "\n", 2, "longer than 2,000"),
    ("text\nhi\n" + "x" * 100_001 + "\n", 3, "longer than 100,000"),
]


@pytest.mark.parametrize(("written", "line", "said"), FAULTS, ids=[f[2] for f in FAULTS])
def test_a_fault_is_told_with_the_line_on_which_its_row_begins(
    written: str | bytes, line: int, said: str
) -> None:
    refused = refusal(written)
    assert refused.line == line
    assert str(refused).startswith(f"seen.csv:{line}: ") and said in str(refused)
    assert refused.why, "other languages need the kind"


def test_a_list_with_every_column_is_read() -> None:
    (one,) = read(
        "text,author,post,url,time\n"
        '"so rude, really",troll7,Homecoming,https://snap.example/1,2026-09-09 14:30\n'
    )
    assert one == Seen(
        text="so rude, really",
        author="troll7",
        post="Homecoming",
        url="https://snap.example/1",
        time="2026-09-09 14:30",
    )
    moment = moment_of(one, ZONE)
    assert moment is not None and moment.isoformat() == "2026-09-09T14:30:00-04:00"


def test_a_text_is_kept_to_the_letter() -> None:
    text = "  ¡Qué\t«mal»! =SUM(A1) \u202e 😀 \r\n\x00"
    assert read(f'text\n"{text}"\n')[0].text == text


@pytest.mark.parametrize("written", ["", "\n\n", "text,author\n", "text\n \n"])
def test_a_list_without_a_comment_is_refused(written: str) -> None:
    assert refusal(written).why in ("empty", "heading")


def test_a_hundred_thousand_rows_are_read_and_one_more_is_told_with_its_line() -> None:
    rows = [f"comment {n},kid{n % 50}" for n in range(100_000)]
    text = "text,author\n" + "\n".join(rows)
    assert len(read(text)) == 100_000
    refused = refusal(text + "\none too many,kid\n")
    assert refused.line == 100_002
    assert "more than 100,000 rows; bring what begins with this line" in str(refused)


def test_a_file_that_is_no_list_at_all_is_refused_without_reading_it() -> None:
    assert refusal(b"x" * (MOST_BYTES + 1)).why == "large"


def test_an_id_does_not_depend_on_how_a_row_was_saved() -> None:
    one = Seen(text="hey\nyou", author="kid", time="2026-09-09 14:30")
    for other in (
        Seen(text="hey\r\nyou ", author="kid", time="2026-09-09T14:30:00"),
        Seen(text="hey\ryou", author="kid", time="2026-09-09T18:30:00+00:00"),
    ):
        assert ids_of([one], ZONE) == ids_of([other], ZONE)
    for other in (
        Seen(text="hey you", author="kid", time="2026-09-09 14:30"),
        Seen(text="hey\nyou", author="kid", time="2026-09-09 14:31"),
        Seen(text="hey\nyou", author="kid2", time="2026-09-09 14:30"),
    ):
        assert ids_of([one], ZONE) != ids_of([other], ZONE)


def test_the_same_words_twice_are_two_comments_and_a_longer_list_holds_both() -> None:
    first, second = ids_of([Seen(text="hi"), Seen(text="hi")], ZONE)
    assert first != second
    longer = ids_of([Seen(text="new"), Seen(text="hi"), Seen(text="hi")], ZONE)
    assert longer[1:] == [first, second]


def test_a_single_comment_is_checked_like_a_row() -> None:
    now = datetime.now(ZONE)
    terms = Terms(zone=ZONE, now=now)
    assert checked(Seen(text="hi", time=now.isoformat()), terms).text == "hi"
    tomorrow = (now + timedelta(days=2)).isoformat()
    with pytest.raises(SeenListRefused, match="no time at which"):
        checked(Seen(text="hi", time=tomorrow), terms)


def test_the_columns_are_those_of_a_comment() -> None:
    assert set(COLUMNS) == set(Seen.__dataclass_fields__)
