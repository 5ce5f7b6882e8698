"""Which plain letter a character stands for: accents, look-alikes, styled and invisible characters.

The look-alikes are those of Unicode's confusables (UTS #39) that imitate Latin letters, chosen by
hand for Cyrillic, Greek, Armenian, Cherokee, Lisu, Canadian syllabics, the phonetic alphabets, and
the letters with strokes and signs of money that "fancy text" is made of.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

from classifiers.upside_down import TURNED

_LOOK_ALIKES: Final = {
    "a": "λаɑαдᎪᗩꓮᴀ₳",
    "b": "ЬьвВβᏴƄᗷꓐʙ฿",
    "c": "сСϲᏟↄᑕꓚᴄ₵",
    "d": "ðԁᎠɗᗪꓓᴅ",
    "e": "еЕєЄεҽᎬ℮ꓰᴇɇɛəɘ",
    "f": "ғϝƒᖴꓝꜰ₣фФ",
    "g": "ɡԍᏀցꓖɢ₲",
    "h": "ћђһҺнНΗհᎻᕼꓧʜⱨ",
    "i": "іІιıɩɪӏᎥꓲɨ",
    "j": "јЈϳᎫᒍꓙᴊ",
    "k": "кКκᏦꓗᴋ₭",
    "l": "ⅼʟᏞᒪꓡⱡ",
    "m": "мМᎷᗰꓟᴍ₥",
    "n": "иŋпПռոɴᑎꓠη₦",
    "o": "ɵөθоОοσօΟᎾꓳᴏ",
    "p": "þрРρᏢᑭꓑᴘ₱",
    "q": "ԛգᑫǫ",
    "r": "ягГᎡɾʀᖇꓣɍ",
    "s": "ςѕЅꜱᏚᔕꓢ₴",
    "t": "тТτᎢꓔᴛŧ₮",
    "u": "ʊμυսцʋᴜᑌꓴʉ",
    "v": "ѵνᏙᐯꓦᴠ",
    "w": "ѡԝωшᎳᗯꓪᴡ₩",
    "x": "хХχ᙭ꓫ",
    "y": "уУүγЎўꓬɏʏ",
    "z": "ᏃƶʐᴢΖᘔꓜⱬ",
    "'": "’‘ʼ´`′‛",
    '"': "“”„«»‟″",
    "-": "‐‑‒–—―−",
    "*": "∗⁎＊",
}
_WITH_A_MARK: Final = re.compile("LATIN (?:SMALL|CAPITAL) LETTER ([A-Z]) WITH ")
_INVISIBLE_LETTERS: Final = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
_KEPT_TILDE: Final = "ñ"  # año is not ano

# Country codes: two regional indicators that name one are a flag, others are letters. St Helena is
# left out on purpose: it begins a word.
_COUNTRIES: Final = """
ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt
bv bw by bz ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh
er es et eu fi fj fk fm fo fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr
ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr
ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz na nc ne nf ng
ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se
sg si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug
us uy uz va vc ve vg vi vn vu wf ws xk ye yt za zm zw
"""
_FLAGS: Final = frozenset(_COUNTRIES.split())
INDICATORS: Final = "\U0001f1e6-\U0001f1ff"  # for a character class
_FIRST_INDICATOR: Final = 0x1F1E6
_LEAST_INDICATORS: Final = 3  # fewer, alone, are a flag or a slip


def spelled_by_flags(indicators: str, *, inside: bool) -> str:
    """The letters that a run of regional indicators spells, "" if it is only flags.

    A single one is a letter only inside a word.
    """
    letters = "".join(chr(ord(sign) - _FIRST_INDICATOR + ord("a")) for sign in indicators)
    pairs = {letters[at : at + 2] for at in range(0, len(letters), 2)}
    least = 1 if inside else _LEAST_INDICATORS
    return "" if len(letters) < least or pairs <= _FLAGS else letters


def _styled() -> dict[str, str]:
    """Circled and squared letters that Unicode does not decompose."""
    starts = {0x1F150: 26, 0x1F170: 26}
    return {
        chr(first + step): chr(ord("a") + step)
        for first, count in starts.items()
        for step in range(count)
    }


_PLAIN: Final = {
    **{look: letter for letter, looks in _LOOK_ALIKES.items() for look in looks},
    **TURNED,
    **_styled(),
    "🆎": "ab",
    "🆑": "cl",
    "ʃ": "s",
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
        struck = _WITH_A_MARK.match(unicodedata.name(character, ""))
        return struck[1].lower() if struck and character != _KEPT_TILDE else character
    return "".join(plain(part) for part in read)


def one_to_one() -> dict[str, str]:
    """The characters of everyday text that read as exactly one other. None is of ASCII."""
    blocks = [(0x80, 0x600), (0x1D00, 0x1DC0), (0x1E00, 0x2000), (0x2010, 0x2100), (0x2100, 0x2190)]
    blocks += [(0x2460, 0x2500), (0xFF00, 0xFFF0), (0x1D400, 0x1D800), (0x1F130, 0x1F18A)]
    table = {}
    for first, end in blocks:
        for code in range(first, end):
            read = plain(chr(code))
            if len(read) == 1 and read != chr(code):
                table[chr(code)] = read
    return table
