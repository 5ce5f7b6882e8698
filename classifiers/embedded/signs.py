"""Signs of a text as it was written, which folding takes away: capitals, numbers, links, quotes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

# Each sign is a pattern and what a text must hold for it to be worth a try.
_DIGITS: Final = re.compile(r"\d")
_FOUND: Final = tuple(
    (re.compile(pattern), needs)
    for pattern, needs in (
        (r"https?://|www\.|\w\.(?:com|net|org|io|me|co|us|shop|link|ly|be)\b", "."),
        (r"[\w.+-]@[\w-]+\.\w", "@"),
        # as long as a phone number
        (r"\d\D{0,2}\d\D{0,2}\d\D{0,3}\d\D{0,2}\d\D{0,2}\d\D{0,3}\d", _DIGITS),
        (r"[$€£]\s?\d|\d\s?(?:\$|(?:dollars?|bucks|pesos|dolares|dólares|reais)\b)", _DIGITS),
        (r"(?<!\w)@\w", "@"),
        (r"#\w", "#"),
        # a full name, not to begin with
        (r"\w[^.!?\n]*\s[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+ [A-ZÁÉÍÓÚÑ][a-záéíóúñ]+", " "),
        (r"\d", _DIGITS),
        ("[\"“”«»]|(?<!\\w)'\\w", ""),
        ("[😂🤣🤡💀🐷🐒🤮🙄]", ""),
        (r"\?", "?"),
        (r"!!", "!!"),
        (r"…|\.\.\.", ""),
        (r"\n", "\n"),
    )
)
_CAPITALS: Final = re.compile("[A-ZÁÉÍÓÚÑ]")
_LETTERS_TO_SHOUT: Final = 8
SIGNS: Final = len(_FOUND) + 2  # and the share of capitals, and the length
_WORD_SCALE: Final = 0.25


def signs(texts: Sequence[str]) -> NDArray[np.float32]:
    """Texts x SIGNS, each about 0 to 1."""
    found = np.zeros((len(texts), SIGNS), dtype=np.float32)
    for row, text in enumerate(texts):
        some = text[:1000]
        digits = _DIGITS.search(some) is not None
        found[row, :-2] = [
            (needs in some if isinstance(needs, str) else digits)
            and pattern.search(some) is not None
            for pattern, needs in _FOUND
        ]
        letters = sum(map(str.isalpha, some))
        if letters >= _LETTERS_TO_SHOUT:
            found[row, -2] = len(_CAPITALS.findall(some)) / letters
        found[row, -1] = math.log1p(min(some.count(" "), 3 * len(set(some.split())))) * _WORD_SCALE
    return found
