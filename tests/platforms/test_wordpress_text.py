"""What a reader sees of a WordPress comment's markup."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from platforms.wordpress_answers import visible_text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("f<i></i>oo", "foo"),
        ("f&#111;o", "foo"),
        ("one<br />two<p>three</p>", "one\ntwo\nthree"),
        ('<a href="http://sale.example" rel="ugc">here</a>', "[http://sale.example] here"),
        ("<!-- wp:paragraph --><p>post</p>", "\npost"),
        ("if a < b", "if a < b"),
        ("<blockquote>he said</blockquote>", "\nhe said"),
        ("a <b", "a <b"),
        ("i will <kill you", "i will <kill you"),
        ("x<!-- y", "x<!-- y"),
        ("<![CDATA[", "<![CDATA["),
        ("a<style>p{}</style>b<SCRIPT>c()</SCRIPT >d", "abd"),
        ("<a class=x href=/here>there</a>", "[/here] there"),
        ("<a data-href='x'>there</a>", "there"),
        ("&#117; &#x75; &uuml; &lt;b&gt; &nosuch; AT&T", "u u ü <b> &nosuch; AT&T"),
    ],
)
def test_text_is_what_a_reader_sees(markup: str, text: str) -> None:
    assert visible_text(markup) == text


UNFINISHED = ["<", "<a ", '<a b="', "<!--", "<![", "</", "&", "&#", "<a href='", "<?", "<script>"]


@pytest.mark.parametrize("piece", [*UNFINISHED, "<a/", "<a", "a", "<a href=", "&#1", "&lt"])
def test_100_kb_of_broken_markup_take_no_time(piece: str) -> None:
    started = time.process_time()
    visible_text(piece * (100_000 // len(piece)))
    visible_text("<" + piece * (100_000 // len(piece)) + ">")
    assert time.process_time() - started < 1


@settings(max_examples=50, deadline=None)
@given(st.text("<>&;#!/?'\"=aA1 -[]xbrschipty"))
def test_no_markup_brings_the_reading_down(markup: str) -> None:
    visible_text(markup)


@settings(max_examples=50, deadline=None)
@given(st.text())
def test_words_of_any_text_survive_the_reading_of_markup(text: str) -> None:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert visible_text(f"<b>{escaped}</b>") == text
