"""Which plain letter a character stands for: accents, look-alikes, styled and invisible characters.

The look-alikes are those of Unicode's confusables (UTS #39) that imitate Latin letters, chosen by
hand for Cyrillic, Greek, Armenian, Cherokee and the phonetic alphabets.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache
from typing import Final

_LOOK_ALIKES: Final = {
    "a": "аɑαдᎪ",
    "b": "ЬьвВβᏴƄ",
    "c": "сСϲᏟↄ",
    "d": "ԁᎠɗ",
    "e": "еЕєЄεҽᎬ℮",
    "f": "ғϝƒ",
    "g": "ɡԍᏀց",
    "h": "һҺнНηհᎻ",
    "i": "іІιıɩɪӏᎥ",
    "j": "јЈϳᎫ",
    "k": "кКκᏦ",
    "l": "ⅼʟᏞ",
    "m": "мМᎷ",
    "n": "пПռոɴ",
    "o": "оОοσօΟᎾ",
    "p": "рРρᏢ",
    "q": "ԛգ",
    "r": "гГᎡɾʀ",
    "s": "ѕЅꜱᏚ",
    "t": "тТτᎢ",
    "u": "υսцʋᴜ",
    "v": "ѵνᏙ",
    "w": "ѡԝωшᎳ",
    "x": "хХχ",
    "y": "уУүγЎў",
    "z": "ᏃƶʐᴢΖ",
    "'": "’‘ʼ´`′‛",
    '"': "“”„«»‟″",
    "-": "‐‑‒–—―−",
    "*": "∗⁎＊",
}
_INVISIBLE_LETTERS: Final = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_KEPT_TILDE: Final = "ñ"  # año is not ano


def _styled() -> dict[str, str]:
    """Circled and squared letters that Unicode does not decompose."""
    starts = {0x1F150: 26, 0x1F170: 26, 0x1F1E6: 0}
    return {
        chr(first + step): chr(ord("a") + step)
        for first, count in starts.items()
        for step in range(count)
    }


_PLAIN: Final = {
    **{look: letter for letter, looks in _LOOK_ALIKES.items() for look in looks},
    **_styled(),
    "Ñ": _KEPT_TILDE,
    "ñ": _KEPT_TILDE,
    "ø": "o",
    "Ø": "o",
    "ł": "l",
    "Ł": "l",
    "đ": "d",
    "Đ": "d",
    "ħ": "h",
    "ß": "ss",
    "ẞ": "ss",
    "æ": "ae",
    "Æ": "ae",
    "œ": "oe",
    "Œ": "oe",
}


@lru_cache(maxsize=65536)
def plain(character: str) -> str:
    """What one character reads as: "" if invisible, else one or more characters, each plain."""
    if character in _PLAIN:
        return _PLAIN[character]
    if character == "\n":
        return character
    category = unicodedata.category(character)
    if character.isspace() or category in ("Zs", "Zl", "Zp"):
        return " "
    if category == "Cs":
        return "\ufffd"
    if category in ("Cc", "Cf", "Mn", "Me") or character in _INVISIBLE_LETTERS:
        return ""
    read = unicodedata.normalize("NFKD", character).lower()
    if read == character:
        return character
    return "".join(plain(part) for part in read)


def one_to_one() -> dict[int, str]:
    """For str.translate(): the characters of everyday text that read as exactly one other."""
    blocks = [(0x80, 0x600), (0x1D00, 0x1DC0), (0x1E00, 0x2000), (0x2010, 0x2100), (0x2100, 0x2190)]
    blocks += [(0x2460, 0x2500), (0xFF00, 0xFFF0), (0x1D400, 0x1D800), (0x1F130, 0x1F18A)]
    table = {}
    for first, end in blocks:
        for code in range(first, end):
            read = plain(chr(code))
            if len(read) == 1 and read != chr(code):
                table[code] = read
    return table
