"""The pattern filter: it may try a pattern in vain, but never leaves out one that occurs."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.normalise import fold
from classifiers.pattern_atoms import needs
from classifiers.pattern_filter import Encoded, PatternFilter, Reading, bits_of
from classifiers.rule_files import as_matched, compiled, read_rule_files

ROOT = Path(__file__).parents[2]


def read(patterns: list[str], text: str) -> tuple[PatternFilter, Reading]:
    texts = PatternFilter()
    for pattern in patterns:
        texts.add(pattern)
    texts.compile()
    return texts, texts.read(Encoded(text))


LAST = r"\bthe very last\b"


@pytest.fixture(scope="module")
def shipped() -> PatternFilter:
    files = read_rule_files(ROOT / "config" / "rules")
    texts = PatternFilter()
    for rule in files.patterns:
        for pattern in (*rule.match, *rule.requires, *rule.excludes, *rule.post):
            texts.add(pattern)
    for pattern, _ in files.exceptions:
        texts.add(pattern)
    texts.add(LAST)
    texts.compile()
    return texts


def comments() -> Iterator[str]:
    lines = (ROOT / "tests/corpus/dev.jsonl").read_text("utf-8").splitlines()
    for row in map(json.loads, lines[::4]):
        yield row["comment"]
        yield as_matched(fold(row["comment"]).text)
    yield "\n".join(json.loads(line)["comment"] for line in lines)


def test_the_shipped_patterns_are_found_as_if_each_were_tried(shipped: PatternFilter) -> None:
    for comment in comments():
        encoded = Encoded(comment)
        found = shipped.read(encoded)
        for index, pattern in enumerate(shipped.patterns):
            if not found.may_hold(index):
                assert compiled(pattern).search(encoded.raw) is None, (pattern, comment)


def test_few_patterns_are_tried(shipped: PatternFilter) -> None:
    found = shipped.read(Encoded("what a lovely concert tonight, thank you all"))
    tried = list(filter(found.may_hold, range(len(shipped.patterns))))
    assert tried == list(found.possible(bits_of(range(len(shipped.patterns)))))
    assert len(tried) < len(shipped.patterns) / 50


def test_of_the_patterns_that_may_occur_only_those_asked_for_are_named() -> None:
    _, found = read(["kill", "moron", "gun", "bomb"], "a moron with a bomb, a gun")
    assert list(found.possible(bits_of([3, 0, 1]))) == [1, 3]
    assert list(found.possible(bits_of([]))) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"\bkill\b", "to kill."),
        (r"\bkill\b", "💣kill💣"),
        (r"(?i:\bkill\b)", "KI\u212a\u212aILL \u212aILL"),
        (r"(?i)\bpass\b", "PAſſ"),
        (r"(?i:niñ[oa]|Ó)", "NIÑA"),
        (r"()|\bkill\b", "nothing"),
        (r"(?:|kill)!", "wow!"),
        (r"(?:|)!", "wow!"),
        (r"(?:x)\b?kill", "xkill"),
        (r"\b(?:kill )?them\b", "get them"),
        (r"\b(?:no){2,}\b", "nononono"),
        (r"\d{3}[- ]\d{4}", "call 555-0142"),
        (r"[0-9]{2,3}", "7 or 77"),
        (r"\$ ?\d", "for $ 5"),
        (r"[a-c]\.[\w]x", "b.ax"),
        (r"[\\-z]q", "uq"),
        (r"[]x]y", "]y"),
        (r"[^\W_]z", "az"),
        (r"[[:digit:]]k", "5k"),
        (r"\pNk|\x41\x{1F600}", "A😀"),
        (r"\Qa.b\E", "a.b"),
        (r"a{,3}b{", "a{,3}b{"),
        (r"(?P<who>you)\W+(?s:.)are", "you — are"),
        (r"[😂🤣]{2}", "ha 😂🤣"),
        (r"ñandu", "un ñandu"),
        (r"\Aonly\z", "only"),
        (r"\Bx\B", "axb"),
    ],
)
def test_what_occurs_is_never_left_out(pattern: str, text: str) -> None:
    occurs = re2.search(pattern, text) is not None
    _, found = read([pattern, "unlikely"], text)
    assert found.holds(0) is occurs
    assert not found.holds(1)


PIECES = st.sampled_from(
    [
        *("a", "b", " ", "k", "7", "$", ".", "^", "_", "no", "b k", ". ", "ñ", "🔫"),
        *(r"\b", r"\d", r"\w", r"\W", r"\s", r"\.", r"\p{Lu}"),
        *("[ab]", "[ .-]", "[^a]", "[a-k]", r"[\d$]", "[🔫ñ]"),
    ]
)
PATTERNS = st.recursive(
    PIECES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=4).map("".join),
        st.lists(inner, min_size=1, max_size=3).map(lambda each: f"(?:{'|'.join(each)})"),
        st.builds(
            lambda each, many: f"(?:{each}){many}",
            inner,
            st.sampled_from(["?", "*", "+", "{2}", "{1,2}", "{0,2}?", r"\b", r"\b "]),
        ),
        inner.map(lambda each: rf"\b(?:{each})\b"),
        inner.map(lambda each: f"(?i:{each})"),
    ),
    max_leaves=8,
)


@given(PATTERNS, st.text("abkAK 07$.-ñÑ🔫_no\n\u212a", max_size=12))
@settings(max_examples=500, deadline=None)
def test_no_pattern_is_left_out_of_any_text(pattern: str, text: str) -> None:
    _, found = read([pattern], text)
    if compiled(pattern).search(text.encode()) is not None:
        assert found.may_hold(0)


def test_patterns_ask_for_whole_words_the_rarest_first() -> None:
    both, digits, nothing = needs([r"\byou\b.{0,9}\bmoron(?:s|ic)?\b", r"\d{3}", r"\w+"])
    assert both == ({b" moron ", b" moronic ", b" morons "}, {b" you "})
    assert digits == ({b"000"},)
    assert nothing == ()


@pytest.mark.parametrize("piece", ["my son ", "1234567890 ", "$5 ", "moron 💣 "])
def test_a_long_text_is_read_in_no_time_and_to_its_end(shipped: PatternFilter, piece: str) -> None:
    text = Encoded((piece * 100_000)[:100_000] + " the very last")
    begin = time.process_time()
    found = shipped.read(text)
    assert time.process_time() - begin < 0.1
    assert found.holds(shipped.patterns.index(LAST))


def test_spans_are_counted_in_code_points() -> None:
    _, found = read([r"moron"], "ñ moron 💣 moron")
    assert list(found.spans(0)) == [(2, 7), (10, 15)]
