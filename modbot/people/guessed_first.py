"""Passwords that are tried first, told by how they are made rather than by a list of them.

What heads every list of leaked passwords is one or two everyday words, a name or a walk over the
keyboard, dressed up with digits, signs and look-alike letters.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_LOOK_ALIKES = str.maketrans("013457@$!|+", "oleastasilt")
_ROWS = ("`1234567890-=", "qwertyuiop[]", "asdfghjkl;'", "zxcvbnm,./", "abcdefghijklmnopqrstuvwxyz")
_COLUMNS = (
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "1q2w3e4r5t6y7u8i9o0p",
    "qawsedrftgyhujikolp",
)
_WALKS = tuple(
    walk for row in (*_ROWS, *_COLUMNS) for walk in (row * 2, row[::-1] * 2, f"{row}{row[::-1]}")
)
_SHORTEST_WALK = 4
_FEW_LETTERS = 4  # what is made of so few different signs can be tried through
# What it takes to guess: an everyday word costs as much as three letters that make no word. Two
# words are guessed at once; four that do not belong together are a good password.
_WORD_COST, _LETTER_COST, _GUESSED_COST = 3, 1, 6
_LONGEST_WORD, _IMPOSSIBLE = 16, 10_000
_WORD_FILE = "everyday_words.txt"


def is_common(password: str) -> bool:
    """Whether a password is among those that somebody who guesses would try first."""
    plain = password.lower()
    if len(set(plain)) <= _FEW_LETTERS or _repeats(plain):
        return True
    return any(_is_guessed(form) for form in (plain, plain.translate(_LOOK_ALIKES)))


def tells_who(password: str, name: str, email: str) -> bool:
    """Whether most of a password is its owner's name or address."""
    plain = re.sub(r"[^\w]|_", "", password.lower())
    own = [*re.split(r"\W+", name.lower()), *re.split(r"[\W_]+", email.lower())]
    left = plain
    for part in sorted({each for each in own if len(each) >= 3}, key=len, reverse=True):
        left = left.replace(part, "")
    return len(re.sub(r"\d", "", left)) < 4 and left != plain


def _repeats(text: str) -> bool:
    """Whether it is a short piece over and over: "abcabcabcabc"."""
    return any(
        (text[:size] * len(text))[: len(text)] == text for size in range(1, len(text) // 2 + 1)
    )


def _is_guessed(text: str) -> bool:
    """Whether nothing is left of it but at most two everyday words and their ornaments."""
    for bare in {_without_walks(text), text}:
        letters = re.findall(r"[^\W\d_]+", bare)
        if sum(map(_cost, letters)) <= _GUESSED_COST:
            return True
    return False


def _without_walks(text: str) -> str:
    """`text` without its runs along the keyboard, the alphabet or the digits."""
    kept, at = "", 0
    while at < len(text):
        end = at + _SHORTEST_WALK
        while end <= len(text) and any(text[at:end] in walk for walk in _WALKS):
            end += 1
        if (length := end - 1 - at) >= _SHORTEST_WALK:
            at += length
            kept += " "
        else:
            kept += text[at]
            at += 1
    return kept


def _cost(letters: str) -> int:
    """The least that a run of letters costs to guess."""
    words = _everyday()
    least = [0]
    for end in range(1, len(letters) + 1):
        last_word = (
            least[start] + _WORD_COST
            for start in range(max(0, end - _LONGEST_WORD), end)
            if letters[start:end] in words
        )
        least.append(min(least[-1] + _LETTER_COST, *last_word, _IMPOSSIBLE))
    return least[-1]


@cache
def _everyday() -> frozenset[str]:
    text = files("modbot.people").joinpath(_WORD_FILE).read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())
