"""Signs of a text as it was written, which folding takes away: capitals, numbers, links, quotes."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

_DIGITS: Final = re.compile(r"\d")
_NAME: Final = re.compile(r"\s(?=[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+ [A-ZÁÉÍÓÚÑ][a-záéíóúñ]+)")
_LETTER: Final = re.compile(r"\w")


def _names_somebody(text: str) -> bool:
    """Is there a full name that does not begin its sentence? One pattern for both would look
    through the rest of the sentence from each of its letters."""
    for name in _NAME.finditer(text):
        begun = 1 + max(text.rfind(end, 0, name.start()) for end in ".!?\n")
        if _LETTER.search(text, begun, name.start()):
            return True
    return False


# Each sign is a search and what a text must hold for it to be worth a try.
_FOUND: Final[tuple[tuple[Callable[[str], object], str | re.Pattern[str]], ...]] = (
    *(
        (re.compile(pattern).search, needs)
        for pattern, needs in (
            (r"https?://|www\.|\w\.(?:com|net|org|io|me|co|us|shop|link|ly|be)\b", "."),
            (r"[\w.+-]@[\w-]+\.\w", "@"),
            # as long as a phone number
            (r"\d\D{0,2}\d\D{0,2}\d\D{0,3}\d\D{0,2}\d\D{0,2}\d\D{0,3}\d", _DIGITS),
            (
                r"[$€£]\s?\d|\d\s?(?:\$|(?:dollars?|bucks|pesos|dolares|dólares|reais)\b)",
                _DIGITS,
            ),
            (r"(?<!\w)@\w", "@"),
            (r"#\w", "#"),
        )
    ),
    (_names_somebody, " "),
    *(
        (re.compile(pattern).search, needs)
        for pattern, needs in (
            (r"\d", _DIGITS),
            ("[\"“”«»]|(?<!\\w)'\\w", ""),
            ("[😂🤣🤡💀🐷🐒🤮🙄]", ""),
            (r"\?", "?"),
            (r"!!", "!!"),
            (r"…|\.\.\.", ""),
            (r"\n", "\n"),
        )
    ),
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
            (needs in some if isinstance(needs, str) else digits) and bool(search(some))
            for search, needs in _FOUND
        ]
        letters = sum(map(str.isalpha, some))
        if letters >= _LETTERS_TO_SHOUT:
            found[row, -2] = len(_CAPITALS.findall(some)) / letters
        found[row, -1] = math.log1p(min(some.count(" "), 3 * len(set(some.split())))) * _WORD_SCALE
    return found
