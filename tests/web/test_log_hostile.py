"""The log under attack: searches, places, days and names that nobody means well by."""

from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote, quote_from_bytes

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modbot.people import Role
from modbot.store.database import sqlite_module
from modbot.store.text_search import folded, match_string, read_query
from tests.fakes import make_page
from tests.web.conftest import Site
from tests.web.school import ALLOWED, open_school, record, swearing
from tests.web.serving import served

pytestmark = pytest.mark.campaigns

SINGLE = [
    *('"', '""', '"""', "'", "*", "**", "a*", "a**", "*a", '"*', '"a', 'a"', '"a*', '"a"*', 'a"b'),
    *(
        "(",
        ")",
        "((",
        "()",
        "(a",
        "a)",
        "a AND",
        "AND",
        "OR",
        "NOT",
        "NEAR",
        "NEAR(a b, 2)",
        "a NOT",
    ),
    *(
        "words:a",
        "words : a",
        "-words:a",
        "{words}:a",
        "{words x}: a",
        "nope:a",
        "^a",
        "^",
        "a + b",
    ),
    *(
        "+",
        "-",
        "-a",
        "a -b",
        ":",
        "::",
        ";",
        ",",
        ".",
        "/",
        "\\",
        "\\'",
        "%",
        "_",
        "?",
        "#",
        "&",
        "=",
    ),
    *("'; DROP TABLE decision; --", "' OR 1=1 --", "1); SELECT 1", "x' UNION SELECT sql FROM x --"),
    *(
        "log_text",
        "rowid:1",
        "rank MATCH 'x'",
        "integrity-check",
        "optimize",
        "delete-all",
        "secure",
    ),
    *(
        "\x00",
        "a\x00b",
        '"\x00',
        "\x01\x02",
        "\x1b[31m",
        "\r\nSet-Cookie: x=1",
        "\t",
        "\x7f",
        "\x85",
    ),
    *(
        "\u202eabc",
        "a\u200bb",
        "\u200d",
        "\ufeff",
        "\u2028",
        "\ufffe",
        "\U0010ffff",
        "\ue000",
        "\u0000",
    ),
    *(
        "🍆",
        "👩‍👩‍👧",
        "🇵🇷",
        "e\u0301",
        "n\u0303",
        "\u0303",
        "\u0301\u0301",
        "ñ",
        "ﬃ",
        "İ",
        "ß",
        "ſ",
        "K",
    ),
    *(
        "１２３",
        "²",
        "٣",
        "Ⅷ",
        "한국어",
        "日本語",
        "العربية",
        "עברית",
        "ไทย",
        "हिन्दी",
        "𝔣𝔲𝔠𝔨",
        "ａｂｃ",
    ),
    *(
        "{{ 7*7 }}",
        "{% x %}",
        "${7*7}",
        "%(x)s",
        "%s%n",
        "<script>alert(1)</script>",
        "<!--",
        "]]>",
    ),
    *(
        "=1+1",
        "@x",
        "../../etc/passwd",
        "file:///etc",
        "http://evil.example",
        "javascript:alert(1)",
    ),
    *(
        "a " * 5000,
        "a*" * 5000,
        '"' * 5000,
        "(" * 10_000,
        "x" * 10_000,
        "ñ" * 10_000,
        "AND " * 2500,
    ),
    *("\u0301" * 10_000, "🍆" * 2500, '"a" ' * 2500, "NEAR(" * 2000, "a" * 199 + '"', "b*" * 100),
]
PARTS = ['"', "*", "(", ")", "AND", "NOT", "^", ":", "bus", "\x00", "-", "+", "ñ"]
HOSTILE = [*SINGLE, *(" ".join(mix) for mix in itertools.permutations(PARTS, 2))]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    service = open_school(tmp_path_factory.mktemp("hostile"))
    items = [("the frick bus", swearing("the frick bus", "frick")), ("el niño", ALLOWED)]
    record(service, items, page=make_page(1))
    record(
        service, [("secretword zanahoria", ALLOWED)], page=make_page(2, platform="x"), prefix="x"
    )
    with served(service) as address:
        yield Site(address=address, service=service)
    service.database.close()


def test_there_are_enough_of_them() -> None:
    assert len(set(HOSTILE)) >= 200


def sound(answer: object, typed: str) -> None:
    text, status = answer.text, answer.status_code  # type: ignore[attr-defined]
    assert status == 200, (typed[:40], status)
    assert "<script>alert" not in text and "\x1b" not in text and "\u202e" not in text
    assert "set-cookie: x=1" not in str(answer.headers).lower()  # type: ignore[attr-defined]


def test_no_search_breaks_the_log(site: Site) -> None:
    for typed in HOSTILE:
        sound(site.get(f"/log?q={quote(typed)}"), typed)


def test_no_search_breaks_the_table_or_the_columns(site: Site) -> None:
    for typed in HOSTILE[::7]:
        assert site.post("/log.csv", {"q": typed}).status_code == 200, typed[:40]
        sound(site.get(f"/log/days?q={quote(typed)}"), typed)


def test_no_name_of_a_rule_or_a_person_breaks_the_log(site: Site) -> None:
    for typed in HOSTILE[::3]:
        sound(site.get(f"/log?rule={quote(typed)}"), typed)
        answer = site.get(f"/log?actor={quote('person:' + typed)}")
        assert answer.status_code == (200 if len(typed) <= 193 else 400), typed[:40]


def test_bytes_that_are_no_text_are_a_search_like_any_other(site: Site) -> None:
    for raw in (b"\xff\xfe", b"\xed\xa0\x80", b"\xc0\xaf", b"bus\xff", b"\xf5\x80\x80\x80"):
        sound(site.get(f"/log?q={quote_from_bytes(raw)}"), repr(raw))


@pytest.mark.parametrize(
    "place",
    [
        *("before=0", "before=-1", "before=1.5", "before=9223372036854775808", "before=%00"),
        *("after=0", "after=1e3", "after=0x10", "after=%2B1", "after=٣", "before=1&after=1"),
        *("before=1%3B", "after=' OR 1=1", "before=" + "9" * 5000, "before=null"),
    ],
)
def test_a_forged_place_is_refused(place: str, site: Site) -> None:
    for path in ("/log", "/newest"):
        assert site.get(f"{path}?{place}").status_code == 400


@pytest.mark.parametrize("place", ["before=9223372036854775807", "after=9223372036854775807"])
def test_the_farthest_place_is_an_answer(place: str, site: Site) -> None:
    assert site.get(f"/log?{place}").status_code == 200
    assert site.get(f"/log?{place}&q=bus&verdict=hide").status_code == 200


@pytest.mark.parametrize(
    "day",
    [
        *("0000-00-00", "0001-01-01", "9999-12-31", "1999-12-31", "2200-01-01", "2026-02-30"),
        *("2026-13-01", "20260101", "2026-W01-1", "2026-1-1", "26-01-01", "yesterday", "%00"),
        *("2026-01-01T00:00", "2026-01-01%00", "-2026-01-01", "٢٠٢٦-٠١-٠١", "' OR 1=1", "1e9"),
    ],
)
@pytest.mark.parametrize("name", ["from", "to"])
def test_a_day_that_cannot_be_is_refused(name: str, day: str, site: Site) -> None:
    assert site.get(f"/log?{name}={day}").status_code == 400
    assert site.post("/log.csv", {name: day}).status_code == 400


@pytest.mark.parametrize(
    "query", ["from=2000-01-01&to=2199-12-31", "from=2199-12-31", "to=2000-01-01"]
)
def test_the_farthest_days_are_an_answer(query: str, site: Site) -> None:
    assert site.get(f"/log?{query}").status_code == 200
    assert site.get(f"/log/days?{query}").status_code == 200


@pytest.mark.parametrize(
    "query",
    ["page=x:404", "platform=myspace", "category=joy", "verdict=HIDE", "language=fr", "actor=cat"],
)
def test_an_unknown_value_is_refused(query: str, site: Site) -> None:
    assert site.get(f"/log?{query}").status_code == 400


def test_no_address_shows_a_manager_what_is_not_in_their_care(site: Site) -> None:
    ana = site.as_(Role.MANAGER, pages={"facebook:1001"})
    for query in (
        *("q=secretword", "q=secret*", "language=en&q=secretword", "after=1", "after=2"),
        *(
            "page=facebook:1001&q=secretword",
            "page=&platform=&q=secretword",
            "before=99",
            "to=2199-01-01",
        ),
        *("page=facebook:1001&page=x:1002&q=secretword", "actor=bot&rule=&q=secretword"),
    ):
        for path in (f"/log?{query}", f"/log/days?{query}", f"/newest?{query}"):
            text = ana.get(path).text
            assert "zanahoria" not in text and "x:1002" not in text, path
    counted = ana.get("/log?q=secretword").text
    assert (
        "0 decisions" in counted and "1 decision" not in counted.split('class="matching"')[1][:40]
    )
    assert "secretword" not in ana.post("/log.csv", {"q": "secretword"}).text


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60), st.text(max_size=60))
def test_no_text_at_all_is_a_query_that_fts5_refuses(stored: str, typed: str) -> None:
    connection = sqlite_module.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE t USING fts5(words, content='', "
        "tokenize='unicode61 remove_diacritics 0')"
    )
    storable = "".join(c for c in folded(stored) if unicodedata.category(c) != "Cs")
    connection.execute("INSERT INTO t (rowid, words) VALUES (1, ?)", (storable,))
    match = match_string(read_query(typed))
    if match:
        connection.execute("SELECT rowid FROM t WHERE t MATCH ?", (match,)).fetchall()
    connection.close()
