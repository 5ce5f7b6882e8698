"""Lists of comments that people saw: taken whole, or refused with the line that is wrong."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from modbot.errors import SeenListRefused
from modbot.seen_list import LONGEST_TEXT, MOST_BYTES, Seen, ids_of, moment_of, read_seen_list

ZONE = ZoneInfo("America/New_York")


def rows(text: str | bytes) -> list[Seen]:
    content = text if isinstance(text, bytes) else text.encode()
    return read_seen_list(content, ZONE, file="seen.csv")


def test_a_list_with_every_column_is_read() -> None:
    (one,) = rows(
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
    assert moment_of(one, ZONE).isoformat() == "2026-09-09T14:30:00-04:00"  # type: ignore[union-attr]


def test_columns_may_stand_in_any_order_and_be_few() -> None:
    assert rows("Author,Text\nkid,hi\n") == [Seen(text="hi", author="kid")]


def test_a_spreadsheets_mark_line_ends_and_empty_lines_do_no_harm() -> None:
    found = rows("\ufefftext\r\n\r\nfirst\r\n,\r\n".replace(",\r\n", "\r\n") + '"two\r\nlines"\r\n')
    assert [one.text for one in found] == ["first", "two\r\nlines"]


def test_a_text_is_kept_to_the_letter() -> None:
    text = "  ¡Qué\t«mal»! =SUM(A1) \u202e 😀 "
    assert rows(f'text\n"{text}"\n')[0].text == text


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "seen.csv:1: the first line must name the columns"),
        ("comment\nhi\n", "seen.csv:1: .*unknown: 'comment'"),
        ("author\nkid\n", "seen.csv:1: the first line"),
        ("text,text\na,b\n", "seen.csv:1: the first line"),
        (
            "text,author\nhi,kid\nsome text, with a comma, kid\n",
            "seen.csv:3: 3 columns instead of 2",
        ),
        ("text,author\nhi\n", "seen.csv:2: 1 columns instead of 2"),
        ("text,author\nhi,kid\n ,kid\n", "seen.csv:3: the text is empty"),
        ("text,time\nhi,yesterday\n", "seen.csv:2: time 'yesterday' must be written like"),
        ("text,url\nhi,javascript:alert(1)\n", "seen.csv:2: url must begin with https://"),
        ('text\nhi\n"not closed\n', "seen.csv:3: unexpected end of data"),
        ("text\n", "it holds no comment"),
        (b"text\nhi\ncaf\xe9\n", "seen.csv:3: not UTF-8"),
        ("text\n" + "x" * (LONGEST_TEXT + 1), "seen.csv:2: "),
        (b"x" * (MOST_BYTES + 1), "larger than 5 MB"),
    ],
)
def test_a_faulty_list_is_refused_with_its_line(content: str | bytes, said: str) -> None:
    with pytest.raises(SeenListRefused, match=said):
        rows(content)


def test_the_same_list_brought_again_has_the_same_ids() -> None:
    text = "text,author\nhi,kid\nhi,kid\nbye,kid\n"
    first = ids_of(rows(text))
    assert ids_of(rows(text)) == first
    assert len(set(first)) == 3, "two equal rows are two comments"
