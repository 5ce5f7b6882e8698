"""Every listed swear word under every disguise: how many of them are seen, family by family."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from classifiers.hits import is_swear
from classifiers.rule_files import read_rule_files
from classifiers.rules import RuleSet
from classifiers.word_lists import STRONG
from modbot.domain import Category
from tests.classifiers.test_rules import comment_on

RULES = Path(__file__).parents[2] / "config" / "rules"
_CYRILLIC = str.maketrans("aeopcxy", "аеорсху")
_LEET = str.maketrans("aeios", "43105")
_WIDE = {letter: letter + 0xFEE0 for letter in range(ord("a"), ord("z") + 1)}
_BOLD = {ord("a") + at: chr(0x1D41A + at) for at in range(26)}
_SMALL_CAPITALS = str.maketrans("abcdefghijklmnoprstuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ")
_FLAGS = {ord("a") + at: chr(0x1F1E6 + at) for at in range(26)}


def _inner(word: str, put: Callable[[str], str]) -> str:
    at = len(word) // 2
    return word[:at] + put(word[at]) + word[at + 1 :]


def _swap(word: str) -> str:
    at = len(word) // 2
    return word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :]


def _drop(word: str) -> str:
    vowels = [at for at in range(1, len(word) - 1) if word[at] in "aeiou"]
    return word[: vowels[0]] + word[vowels[0] + 1 :] if vowels and len(word) > 4 else word


DISGUISES: dict[str, tuple[Callable[[str], str], float]] = {  # and the share that is seen at least
    "plain": (str, 1.0),
    "capitals": (str.upper, 1.0),
    "leet": (lambda word: word.translate(_LEET), 0.985),
    "one sign": (lambda word: _inner(word, lambda letter: letter.translate(_LEET)), 0.99),
    "spaced": (" ".join, 0.97),
    "dotted": (".".join, 0.99),
    "hyphens": ("-".join, 0.99),
    "look-alikes": (lambda word: word.translate(_CYRILLIC), 1.0),
    "wide": (lambda word: word.translate(_WIDE), 1.0),
    "mathematical": (lambda word: word.translate(_BOLD), 1.0),
    "flags": (lambda word: word.translate(_FLAGS), 0.9),
    "zero width": ("\u200b".join, 1.0),
    "combining": (lambda word: "".join(letter + "\u0336" for letter in word), 1.0),
    "stretched": (lambda word: _inner(word, lambda letter: letter * 5), 0.99),
    "doubled": (lambda word: _inner(word, lambda letter: letter * 2), 0.95),
    "starred": (lambda word: _inner(word, lambda _: "*"), 0.99),
    "emoji": (lambda word: _inner(word, lambda _: "🔥"), 0.944),
    "one dot": (lambda word: _inner(word, lambda letter: "." + letter), 0.95),
    "swapped": (_swap, 0.9),
    "dropped vowel": (_drop, 0.9),
    "each letter twice": (lambda word: "".join(letter * 2 for letter in word), 0.97),
    "small capitals": (lambda word: word.translate(_SMALL_CAPITALS), 1.0),
    "a letter a line": ("\n".join, 0.97),
}


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return RuleSet.load(RULES)


@pytest.fixture(scope="module")
def words() -> list[str]:
    """The listed swear words of one written word of more than three letters."""
    listed = {
        word.text for word in read_rule_files(RULES).words if is_swear(word) and not word.derived
    }
    return sorted(word for word in listed if word.isascii() and word.isalpha() and len(word) > 3)


SLIPS = {"swapped": 0.9, "dropped vowel": 0.9, "doubled": 0.95}  # and the share seen at least


@pytest.mark.parametrize("name", SLIPS)
def test_everyday_forms_of_swear_words_are_seen_under_the_same_disguises(
    rules: RuleSet, name: str
) -> None:
    listed = {w.text for w in read_rule_files(RULES).words if is_swear(w) and w.everyday}
    disguise, missed = DISGUISES[name][0], []
    for shown in map(disguise, sorted(word for word in listed if word.isascii())):
        signals = rules.judge(comment_on(f"oh {shown} oh"))
        if not any(signal.category is Category.PROFANITY for signal in signals):
            missed.append(shown)
    assert len(missed) <= (1 - SLIPS[name]) * len(listed), missed


@pytest.mark.parametrize("name", DISGUISES)
def test_most_swear_words_are_seen_under_a_disguise(
    rules: RuleSet, words: list[str], name: str
) -> None:
    disguise, least = DISGUISES[name]
    missed = [
        shown
        for shown in map(disguise, words)
        if not any(
            signal.category is Category.PROFANITY and signal.score == STRONG
            for signal in rules.judge(comment_on(f"oh {shown} oh"))
        )
    ]
    assert len(missed) <= (1 - least) * len(words), missed
