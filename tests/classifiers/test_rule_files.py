"""Rule files: what may stand in them, and how a fault is told."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import re2

from classifiers.rule_files import compiled, read_rule_files
from modbot.domain import Aspect, Category
from modbot.errors import BadConfig

RULE = 'category = "sales"\n[[rules]]\nid = "x"\nseverity = "strong"\nmatch = [\'a\']\n'

BROKEN = [
    ("words.txt", b"word\n", 1, ""),
    ("words.txt", b"category: profanity\nword\n", 2, ""),
    ("words.txt", b"category: swearing\n", 1, "category"),
    ("words.txt", b"category: profanity\n[loud]\n", 2, ""),
    ("words.txt", b"category: profanity\n[strong]\nok\n***\n", 4, "***"),
    ("words.txt", b"category: profanity\n[strong]\na*b\n", 3, "a*b"),
    ("words.txt", b"category: profanity\n[strong]\n\xff\n", 3, ""),
    ("words.txt", b"category: profanity\nlanguage: xx\n", 2, ""),
    ("words.txt", b"category: profanity\n[strong]\nzork ~n\n", 3, "zork ~n"),
    ("words.txt", b"category: profanity\nlanguage: es\n[strong]\nzork ~x\n", 4, "zork ~x"),
    ("words.txt", b"category: profanity\nlanguage: es\n[strong]\nzork ~v\n", 4, "zork ~v"),
    ("words.txt", b"category: profanity\n[strong]\n" + b"a/b/c/d/e/f/g/h " * 4, 3, ""),
    ("words.txt", b"fragment: insult\n", 1, "fragment"),
    ("words.txt", b"# ours\nfragment: Loud\nword\n", 2, "fragment"),
    ("rules.toml", b"= nonsense\n", 1, ""),
    ("rules.toml", b'colour = "red"\n', 1, "colour"),
    ("rules.toml", b'rules = "none"\n', 1, "rules"),
    ("rules.toml", RULE.replace("sales", "selling").encode(), 2, "category"),
    ("rules.toml", RULE.replace('id = "x"\n', "").encode(), 2, "id"),
    ("rules.toml", RULE.replace("strong", "loud").encode(), 2, "severity"),
    ("rules.toml", RULE.replace("'a'", "'(a'").encode(), 2, "match"),
    ("rules.toml", RULE.replace("'a'", "'(?=a)'").encode(), 2, "match"),
    ("rules.toml", RULE.replace("'a'", "'((a{100}){100}){100}'").encode(), 2, "match"),
    ("rules.toml", RULE.replace("'a'", "'{unknown}'").encode(), 2, "match"),
    ("rules.toml", RULE.replace("['a']", "[]").encode(), 2, "match"),
    ("rules.toml", RULE.replace("['a']", "'a'").encode(), 2, "match"),
    ("rules.toml", (RULE + 'aspect = "odd"\n').encode(), 2, "aspect"),
    ("rules.toml", (RULE + 'text = "odd"\n').encode(), 2, "text"),
    ("rules.toml", (RULE + "matches = ['a']\n").encode(), 2, "matches"),
    ("rules.toml", (RULE + "post = ['*']\n").encode(), 2, "post"),
    ("rules.toml", b"[fragments]\nBig = 'a'\n", 2, "Big"),
    ("rules.toml", b"[fragments]\nn = 3\n", 2, "n"),
    ("rules.toml", b"[context]\nelsewhere = ['a']\n", 2, "elsewhere"),
    ("rules.toml", b"[[exceptions]]\nmatch = ['a']\ncategories = 'all'\n", 1, "categories"),
    ("rules.toml", b"[[exceptions]]\nmatch = ['a']\ncategories = ['all']\n", 1, "category"),
    ("big.txt", b"#" * 1_000_001, None, ""),
]


@pytest.mark.parametrize(("name", "raw", "line", "key"), BROKEN)
def test_a_broken_file_is_told_by_file_line_and_key(
    tmp_path: Path, name: str, raw: bytes, line: int | None, key: str
) -> None:
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(BadConfig) as caught:
        read_rule_files(tmp_path)
    assert caught.value.file == str(tmp_path / name)
    assert caught.value.line == line
    assert caught.value.key == key


def test_a_pattern_costs_no_more_than_its_text() -> None:
    """What keeps a backtracking engine busy for years (OWASP ASVS 5.0, 1.3.12)."""
    began = time.perf_counter()
    assert compiled("^(a+)+$").search(b"a" * 100_000 + b"!") is None
    assert time.perf_counter() - began < 1
    with pytest.raises(re2.error):
        compiled("(((((a{100}){100}){100}){100}){100})")


def test_a_second_fragment_of_one_name_is_refused(tmp_path: Path) -> None:
    (tmp_path / "first.toml").write_text("[fragments]\nwho = 'him'\n", "utf-8")
    (tmp_path / "second.toml").write_text("[fragments]\nwho = 'her'\n", "utf-8")
    with pytest.raises(BadConfig, match=r"second\.toml: fragments\.who: .* in first\.toml"):
        read_rule_files(tmp_path)


def test_a_circular_fragment_is_told(tmp_path: Path) -> None:
    text = "[fragments]\na = '{b}'\nb = '{a}'\n" + RULE.replace("'a'", "'{a}'")
    (tmp_path / "rules.toml").write_text(text)
    with pytest.raises(BadConfig):
        read_rule_files(tmp_path)


@pytest.mark.parametrize("make", [False, True])
def test_a_folder_without_rules_is_told(tmp_path: Path, make: bool) -> None:
    folder = tmp_path / "rules"
    if make:
        folder.mkdir()
    with pytest.raises(BadConfig):
        read_rule_files(folder)


def test_words_and_patterns_are_read(tmp_path: Path) -> None:
    (tmp_path / "words.txt").write_text(
        "# ours\ncategory: profanity, offensive\n[weak]\n*Coño  # folded\n"
    )
    (tmp_path / "rules.toml").write_text(
        "category = 'threat'\n[fragments]\nwho = 'him|her'\n"
        "[[rules]]\nid = 'y'\nseverity = 'mild'\naspect = 'by_target'\nmatch = ['año {who}']\n"
    )
    read = read_rule_files(tmp_path)
    assert {word.category for word in read.words} == {Category.PROFANITY, Category.OFFENSIVE}
    word = read.words[0]
    assert (word.rule, word.text, word.score) == ("words:Coño", "coño", 0.8)
    assert word.opens and not word.runs_on
    (rule,) = read.patterns
    assert (rule.rule, rule.aspect, rule.score) == ("rules:y", None, 0.3)
    assert rule.match == ("aNo (?:him|her)",)
    assert Aspect("private") is Aspect.PRIVATE


def test_a_line_of_choices_and_marks_stands_for_all_its_forms(tmp_path: Path) -> None:
    text = "category: profanity, offensive\nlanguage: es\n[strong]\nhijo/hija de/e zorka ~n\n"
    (tmp_path / "words.txt").write_text(text)
    words = read_rule_files(tmp_path).words
    assert {"hijo de zorka", "hija e zorkas", "hijo e zorkita"} <= {word.text for word in words}
    assert {word.rule for word in words} == {
        f"words:{child} {of} zorka" for child in ("hijo", "hija") for of in ("de", "e")
    }
    assert {word.category for word in words} == {Category.PROFANITY, Category.OFFENSIVE}
    assert {word.line for word in words} == {4}


def test_an_innocent_word_is_no_form_but_may_still_be_listed(tmp_path: Path) -> None:
    swears = "category: profanity\nlanguage: es\n[strong]\nzorka ~n\n"
    (tmp_path / "a.txt").write_text(swears + "[innocent]\nzorkas zorka  # both\n")
    found = {word.text for word in read_rule_files(tmp_path).words}
    assert "zorka" in found
    assert "zorkita" in found
    assert "zorkas" not in found


def test_a_word_list_can_be_a_fragment_of_patterns(tmp_path: Path) -> None:
    (tmp_path / "insults.txt").write_text(
        "# not rules of their own\nfragment: insult\n\nfool[s]?  # or fools\nbrut[oa]\n"
    )
    (tmp_path / "rules.toml").write_text(RULE.replace("'a'", "'you {insult}'"))
    read = read_rule_files(tmp_path)
    assert read.words == ()
    assert read.patterns[0].match == ("you (?:fool[s]?|brut[oa])",)
