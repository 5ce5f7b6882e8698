"""Signs of a text as it was written, which folding takes away: capitals, numbers, links, quotes."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifiers.character_counts import capitals_in, digits_in, letters_in

_NAME: Final = re.compile(r"\s(?=[A-ZÁÉÍÓÚÑ][a-záéíóúñ]+ [A-ZÁÉÍÓÚÑ][a-záéíóúñ]+)")
_LETTER: Final = re.compile(r"\w")
_ENDING: Final = re.compile(r"\.(?<=\w\.)(?:com|net|org|io|me|co|us|shop|link|ly|be)\b")
_ADDRESS: Final = re.compile(r"https?://")
_EMAIL: Final = re.compile(r"[\w.+-]@[\w-]+\.\w")
_MENTION: Final = re.compile(r"(?<!\w)@\w")
_TAG: Final = re.compile(r"#\w")
_PHONE_DIGITS: Final = 7
_PHONE: Final = re.compile(r"\d\D{0,2}\d\D{0,2}\d\D{0,3}\d\D{0,2}\d\D{0,2}\d\D{0,3}\d")
_PRICE: Final = re.compile(
    r"[$€£]\s?\d|\d\s?(?:\$|(?:dollars?|bucks|pesos|dolares|dólares|reais)\b)"
)
_QUOTE: Final = re.compile('["“”«»]')
_SINGLE_QUOTE: Final = re.compile(r"(?<!\w)'\w")
_MOCKING: Final = re.compile("[😂🤣🤡💀🐷🐒🤮🙄]")
_LETTERS_TO_SHOUT: Final = 8
_WORD_SCALE: Final = 0.25
_READ: Final = 1000  # characters
SIGNS: Final = 16


def signs(texts: Sequence[str]) -> NDArray[np.float32]:
    """Texts x SIGNS, each about 0 to 1."""
    return np.array([_of(text[:_READ]) for text in texts], dtype=np.float32).reshape(-1, SIGNS)


def _of(text: str) -> tuple[float, ...]:
    # Whatever has to hold for a pattern to be found is asked first: most texts have few signs.
    digits = digits_in(text)
    capitals = capitals_in(text)
    letters = letters_in(text)
    at = "@" in text
    ascii_alone = text.isascii()
    return (
        _links(text),
        at and _EMAIL.search(text) is not None,
        digits >= _PHONE_DIGITS and _PHONE.search(text) is not None,
        digits > 0 and _PRICE.search(text) is not None,
        at and _MENTION.search(text) is not None,
        "#" in text and _TAG.search(text) is not None,
        capitals > 1 and _names_somebody(text),
        digits > 0,
        '"' in text
        or (not ascii_alone and _QUOTE.search(text) is not None)
        or ("'" in text and _SINGLE_QUOTE.search(text) is not None),
        not ascii_alone and _MOCKING.search(text) is not None,
        "?" in text,
        "!!" in text,
        "..." in text or "…" in text,
        "\n" in text,
        capitals / letters if letters >= _LETTERS_TO_SHOUT else 0.0,
        math.log1p(min(text.count(" "), 3 * len(set(text.split())))) * _WORD_SCALE,
    )


def _links(text: str) -> bool:
    """Does it hold a web address, whole or by its ending?"""
    if "." not in text:
        return False
    return (
        "www." in text
        or ("://" in text and _ADDRESS.search(text) is not None)
        or _ENDING.search(text) is not None
    )


def _names_somebody(text: str) -> bool:
    """Is there a full name that does not begin its sentence? One pattern for both would look
    through the rest of the sentence from each of its letters."""
    for name in _NAME.finditer(text):
        begun = 1 + max(text.rfind(end, 0, name.start()) for end in ".!?\n")
        if _LETTER.search(text, begun, name.start()):
            return True
    return False
