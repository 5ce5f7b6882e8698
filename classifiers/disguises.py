"""Finds listed swear words that fold() cannot read because it knows no words.

Three ways, each tried on whole words only: another spelling (respelling.py), digits, signs or
emoji among the letters (m13rd4, mier.da, $h!t), and a word torn in two or three (pende jo).
A word or piece that is innocent by the lists is never taken for part of a swear word.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import pairwise, product
from typing import Final

from ahocorasick_rs import AhoCorasick, Implementation

from classifiers.respelling import Form, crossed, respellings
from classifiers.web_addresses import LINK
from classifiers.word_lists import WordRule

Found = tuple[WordRule, int, int]

_WORD: Final = re.compile("[a-zñ]+")
_LONG_WORD: Final = re.compile("[a-zñ]{4,}")  # of _LEAST letters
_TOKEN: Final = re.compile(r"\S+")
_BESIDE: Final = r"[^a-zñ\s'\",;:?]"  # neither a letter nor what stands between words
# All begin with what is rare and look back: a text is mostly letters.
_MIXED_HINT: Final = re.compile(r"[^a-zñ\s'\",;:?)](?:(?<![.!(-])|[a-zñ])")  # a quick look
# Letters with something between them that is neither, or a sign or digit at a word's edge.
_MIXED: Final = re.compile(
    rf"{_BESIDE}(?:(?<=[a-zñ].)(?:(?<=[0-9@$])|{_BESIDE}{{0,2}}[a-zñ])|(?<=[@$€¢©®0-9])[a-zñ])"
)
_SIGNS: Final = re.compile(  # @$$, $h1+, sh!+
    r"[@$!|1¢°©®¡∆δ§†∂√€£¥](?:(?<=[@$])[$@!+#]|(?<=[$@!])[a-zñ0-9][!+0-9]|(?<=[a-zñ][!|1])\+"
    r"|(?<=[a-zñ][¢°©®¡∆δ§†∂√€£¥]))"  # no punctuation: coñ°, a¢¢, put∆, sh¡+
)
# A comma, a colon, a quotation mark or an apostrophe within a word, which stands between words as a
# rule: fu,ck, fu'ck. Of apostrophes not those of contractions.
_PARTED: Final = re.compile(r"[,:;?\"'](?=[a-zñ])(?<=[a-zñ].)(?!(?<=')(?:[stdm]|ll|[rv]e)\b)")
_PIECES: Final = 2
_PARTED_WORD: Final = re.compile(r"(?<![\w'])[a-zñ]+(?:[,:;?\"'][a-zñ]+)+")
_PRICE: Final = re.compile(r"\$\d")
_EDGES: Final = "\"'“”‘’()[]{}<>¿?¡!.,;:…*_~-#"
_AROUND: Final = "\"'“”‘’()[]{}<>¿?¡.,;:…*_~-#"  # may also be none of a word's letters
_SIGN: Final = re.compile("[^a-zñ]")
_BETWEEN_HYPHENS: Final = re.compile("[^-]{3,}")
# A letter and a hyphen are mostly an abbreviation: P-TA.
_ONE_SIGN: Final = re.compile(
    r"(?:[a-zñ]+[.:/~+^&=_<>\\2689@]|[a-zñ]{2,}-|[a-zñ]-(?=[a-zñ]{3}))[a-zñ]+"
)
_READS: Final[dict[str, str]] = {
    "0": "o",
    "1": "il",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "6": "gb",
    "7": "t",
    "8": "b",
    "9": "g",
    "@": "a",
    "$": "s",
    "!": "il",
    "|": "il",
    "+": "t",
    "€": "e",
    "¢": "cs",
    "£": "l",
    "¥": "y",
    "(": "c",
    "<": "c",
    "%": "x",
    "°": "o",
    "¡": "i",
    "§": "s",
    "#": "h",
    "©": "c",
    "®": "r",
    "√": "v",
    "∂": "d",
    "∆": "a",
    "δ": "a",  # as fold() leaves a capital
    "†": "t",
}
_DRAWN: Final = (("|_|", "u"), ("|-|", "h"), ("/\\", "a"), ("\\/", "v"), ("|<", "k"), ("()", "o"))
_AMBIGUOUS: Final = frozenset(sign for sign, letters in _READS.items() if len(letters) > 1)
_MOST_AMBIGUOUS: Final = 4  # signs in one word
_LONGEST_TOKEN: Final = 24
_VOWELS: Final = "aeiou"
_CONSONANTS: Final = "bcdfghjklmnñpqrstvwxyz"
_LEAST: Final = 4
_LEAST_PARTED: Final = 5  # of another spelling with a sign in it
_TWO, _DOS = "2", "dos"  # said in Spanish: jodi2
_NUMBERED: Final = re.compile(r"[a-zñ]{3,}2|[a-zñ]{4,}\d*[2689]\d*")  # mark2, room12, not dumb455
_LEAST_TORN_THRICE: Final = 8  # letters of a word in three pieces that are short words: pen de jos
_LEAST_JOINED: Final = 7  # letters of a phrase without its spaces; shorter ones are other words
_TORN_BY: Final = frozenset({" ", "  ", ". ", ".. ", "... ", "...", ", ", "- ", "* ", "\n"})
_LINKS_ABOVE: Final = re.compile("[./@]")


class Disguises:
    """The disguises of some swear words."""

    def __init__(
        self,
        swears: Sequence[WordRule],
        innocent: Collection[str],
        doubted: Sequence[WordRule] = (),  # meant only where signs or digits stand in them
    ):
        plain = [word for word in swears if _WORD.fullmatch(word.text) and len(word.text) >= _LEAST]
        self._innocent = frozenset(innocent)
        self._known = {word.text: word for word in reversed(plain)}
        self._listed = {word.text: word for word in reversed(swears)}
        table = dict(self._known)
        listed = tuple((word.text, word.language, _form(word)) for word in plain)
        for other, of in _table(listed).items():
            if other not in self._innocent:
                table.setdefault(other, self._known[of])
        for word in swears:  # a phrase as one word, as in a hashtag
            joined = word.text.replace(" ", "")
            as_one = joined != word.text and joined.isalpha() and len(joined) >= _LEAST_JOINED
            if as_one and joined not in self._innocent:
                table.setdefault(joined, word)
        self._finder = AhoCorasick(list(self._known), implementation=Implementation.DFA)
        self._crossed = {  # apart, for few texts hold an x and a small table is a quick one
            other: word
            for word in plain
            for other in crossed(word.text)
            if other not in self._innocent and other not in self._known
        }
        self._respelled = {other: word for other, word in table.items() if other != word.text}
        self._all = {word.text: word for word in reversed(doubted)} | table
        self._listed |= {word.text: word for word in doubted if word.text not in self._listed}

    def find(self, text: str) -> Iterator[Found]:
        """The disguised words of a folded text and where they stand."""
        words = _LONG_WORD.findall(text)
        if not self._respelled.keys().isdisjoint(words):
            yield from _whole_words(text, self._respelled)
        if "x" in text and not self._crossed.keys().isdisjoint(words):
            yield from _whole_words(text, self._crossed)
        if _MIXED_HINT.search(text) and (_MIXED.search(text) or _SIGNS.search(text)):
            yield from self._mixed(text)
        if _PARTED.search(text):
            yield from self._parted(text)
        if self._spans_a_gap(text):
            yield from self._torn(text)

    def _spans_a_gap(self, text: str) -> bool:
        """Does the text without its spaces hold more swear words than with them?"""
        closed = text.replace(" ", "").replace(".", "").replace(",", "")
        if "*" in text or "\n" in text or "-" in text:
            closed = closed.replace("*", "").replace("\n", "").replace("-", "")
        joined = self._finder.find_matches_as_indexes(closed, overlapping=True)
        return bool(joined) and len(joined) > len(
            self._finder.find_matches_as_indexes(text, overlapping=True)
        )

    def _mixed(self, text: str) -> Iterator[Found]:
        links = None
        seen: dict[str, WordRule | None] = {}
        for match in _TOKEN.finditer(text):
            token = match[0]
            if len(token) > _LONGEST_TOKEN or not _may_be_mixed(token):
                continue
            if token not in seen:
                seen[token] = self._meant(token)
            found = seen[token]
            if found is None and "-" not in token:
                continue
            if links is None:
                links = {at for link in LINK.finditer(text) for at in range(*link.span())}
            if not links.isdisjoint(range(*match.span())):
                continue
            if found is not None:
                yield found, match.start(), match.end()
                continue
            for part in _BETWEEN_HYPHENS.finditer(token):  # un-fu©king-believable
                coded = part[0].strip(_EDGES).isalnum()  # LWLR-F4G7
                found = None if coded or not _may_be_mixed(part[0]) else self._meant(part[0])
                if found is not None:
                    yield found, match.start() + part.start(), match.start() + part.end()

    def _parted(self, text: str) -> Iterator[Found]:
        for match in _PARTED_WORD.finditer(text):
            pieces = _WORD.findall(match[0])
            word = self._known.get("".join(pieces))
            if word is None and len(pieces) == _PIECES and "'" in match[0]:
                word = self._without_one(match[0])
            if word and not self._innocent.issuperset(pieces) and _whole(text, *match.span()):
                yield word, *match.span()

    def _meant(self, token: str) -> WordRule | None:
        if "|" in token or "(" in token or "/" in token:
            token = _drawn(token)
        core = token.strip(_EDGES)
        if token.startswith("@") and core[1:].isalpha():  # a person, but for @rse
            return self._listed.get("a" + core[1:])
        pieces = _WORD.findall(core)
        joined = "".join(pieces)
        if core == joined:  # drawn with signs: F|_|CK
            return self._known.get(core)
        parted = self._interrupted(core, pieces, joined)
        if parted is not None:
            return parted
        if joined in self._innocent and _NUMBERED.fullmatch(core):
            return None
        if len(joined) * 2 < len(core):
            return self._in_signs(token.strip(_AROUND))
        for table, written in product(_tables(token), dict.fromkeys((core, token))):
            read = _SIGN.sub("", written.translate(table))
            if read in self._all and read != joined:
                return self._all[read]
        if _ONE_SIGN.fullmatch(core):
            return self._without_one(core) or self._without_consonant(core, pieces)
        return self._in_signs(token.strip(_AROUND)) if len(core) <= _LEAST else None

    def _interrupted(self, core: str, pieces: Sequence[str], joined: str) -> WordRule | None:
        """What its letters say without what stands between them, or behind them: jodi2."""
        if len(pieces) > 1 and not self._innocent.issuperset(pieces):
            if joined in self._known:
                return self._known[joined]
            odd = all(len(piece) == 1 or piece not in self._innocent for piece in pieces)
            if odd and len(joined) >= _LEAST_PARTED and joined in self._respelled:  # k-rajo
                return self._respelled[joined]
        return self._known.get(joined + _DOS) if core.endswith(_TWO) else None

    def _without_one(self, core: str) -> WordRule | None:
        """One sign may stand for a vowel: sh-t, c/ño; an apostrophe only in a longer word, and an @
        for another one than a only where that makes no word: emp@te."""
        if ("'" in core and len(core) <= _LEAST) or core.replace("@", "a") in self._innocent:
            return None
        for vowel in _VOWELS:
            word = self._known.get(_SIGN.sub(vowel, core))
            if word is not None:
                return word
        return None

    def _without_consonant(self, core: str, pieces: Sequence[str]) -> WordRule | None:
        """Or for a consonant, where the pieces are no words: fu-k, bi-ch."""
        if not self._innocent.isdisjoint(piece for piece in pieces if len(piece) > 1):
            return None
        for letter in _CONSONANTS:
            word = self._known.get(_SIGN.sub(letter, core))
            if word is not None and not word.derived:
                return word
        return None

    def _in_signs(self, token: str) -> WordRule | None:
        """A word mostly of signs ($h1+, @$$) has to be a listed one, sign by sign."""
        signs = sum(not sign.isalnum() for sign in token)
        if not signs or (len(token) < _LEAST and signs < 2) or _PRICE.search(token):
            return None
        for table in _tables(token):
            word = self._listed.get(token.translate(table))
            if word is not None:
                return word
        return None

    def _torn(self, text: str) -> Iterator[Found]:
        words = [(match[0], match.start(), match.end()) for match in _WORD.finditer(text)]
        for count in (2, 3):
            for first in range(len(words) - count + 1):
                run = words[first : first + count]
                pieces = [piece for piece, _, _ in run]
                word = self._known.get("".join(pieces))
                if word is None:
                    continue
                start, end = run[0][1], run[-1][2]
                gaps = [text[one[2] : two[1]] for one, two in pairwise(run)]
                if not self._may_be_torn(pieces, stops=all(gap[0] == "." for gap in gaps)):
                    continue
                if _TORN_BY.issuperset(gaps) and _whole(text, start, end):
                    yield word, start, end

    def _may_be_torn(self, pieces: Sequence[str], *, stops: bool) -> bool:
        """Are the pieces no words of their own? One that is may stand beside a longer non-word."""
        odd = [piece for piece in pieces if piece not in self._innocent or len(piece) == 1]
        if len(odd) == len(pieces):
            return any(len(piece) > 1 for piece in pieces)
        short = all(len(piece) <= 2 or piece in odd for piece in pieces)
        least = _LEAST_TORN_THRICE - stops
        thrice = len(pieces) > _PIECES and len("".join(pieces)) >= least
        least = 2 if thrice and stops else 3 if short or thrice else 4  # Bull. Sh. It.
        return max(map(len, odd), default=0) >= least


def _whole_words(text: str, table: Mapping[str, WordRule]) -> Iterator[Found]:
    for match in _WORD.finditer(text):
        word = table.get(match[0])
        if word is not None and _whole(text, match.start(), match.end()):
            yield word, match.start(), match.end()


def _may_be_mixed(token: str) -> bool:
    if token.isalpha() and token.isascii():  # most are
        return False
    if len(token) < _LEAST:
        return _SIGNS.search(token) is not None
    return _MIXED.search(token) is not None or _SIGNS.search(token) is not None


def _whole(text: str, start: int, end: int) -> bool:
    """Does the stretch touch no further letter or digit, and follow no apostrophe or @?"""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (before.isalnum() or (before and before in "'@_") or after.isalnum())


def _drawn(token: str) -> str:
    """With the letters that are drawn with some signs: |_| is a u."""
    for signs, letter in _DRAWN:
        token = token.replace(signs, letter)
    return token


def _tables(token: str) -> tuple[dict[int, str], ...]:
    """The ways to read the signs of a token."""
    return _tables_of("".join(sorted(_AMBIGUOUS.intersection(token))))


@lru_cache(maxsize=64)
def _tables_of(ambiguous: str) -> tuple[dict[int, str], ...]:
    read = {sign: letters[0] for sign, letters in _READS.items()}
    choices = product(*(_READS[sign] for sign in ambiguous[:_MOST_AMBIGUOUS]))
    return tuple(
        str.maketrans(read | dict(zip(ambiguous, chosen, strict=False))) for chosen in choices
    )


def _form(word: WordRule) -> Form:
    if not word.derived:
        return Form.ITSELF
    return Form.EVERYDAY if word.everyday else Form.RARE


@lru_cache(maxsize=4)
def _table(words: tuple[tuple[str, str, Form], ...]) -> dict[str, str]:
    """Every respelling with the word that it stands for, the earlier listed word first."""
    table: dict[str, str] = {}
    for word, language, form in words:
        for other in respellings(word, language, form):
            table.setdefault(other, word)
            if form is Form.ITSELF:
                table.setdefault(other + ("s" if other[-1] in "aeiou" else "es"), word)
                table.setdefault(other + "s", word)
    return table
