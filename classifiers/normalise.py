"""Folds a comment to plain lower-case words, so that one rule or weight serves every disguise.

fold() undoes accents (but ñ), look-alike and styled letters, invisible characters, digits and signs
in place of letters, spaced-out letters, stretched letters and hashtags, and remembers for every
character where it stood. Folding twice changes nothing; time and length grow linearly.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

from classifiers.confusables import INDICATORS, one_to_one, plain, spelled_by_flags
from classifiers.upside_down import Run, upside_down
from classifiers.web_addresses import LINK

_Edit = tuple[int, int, str]  # from, to, what stands there instead

_ONE_TO_ONE: Final = one_to_one()
_BEYOND_ASCII: Final = re.compile("[^\x00-\x7f]")
# What may stay as it is: printable ASCII, ñ, common signs and emoji. All else is read one by one.
_ODD: Final = re.compile(
    "[^\n\x20-\x7eñÑ¡¿·•€£¥°\u2190-\u245f\u2500-\u2bff\U0001f1e6-\U0001f64f\U0001f680-\U0001faff]"
)
_INDICATORS: Final = re.compile(f"[{INDICATORS}](?: ?[{INDICATORS}])*")
_TILDE: Final = re.compile("[nN]\u0303")
_REMEMBERED_LENGTH: Final = 1000  # code points
_REMEMBERED_TEXTS: Final = 1024
_MAX_ROUNDS: Final = 64  # two or three settle any text seen; each is linear

# Hints begin with what is rare, here capitals, and look back: a text is mostly small letters.
_HUMP_HINT: Final = re.compile("[A-ZÑ](?<=[a-zñ].)")
_HUMP: Final = re.compile("(?<=[a-zñ])(?=[A-ZÑ])")
_HUMPED: Final = re.compile(r"#\w+|\b(?:[A-ZÑ][a-zñ]{2,}|[a-zñ]{3,})(?:[A-ZÑ][a-zñ]{2,})+\b")

_LEET_HINT: Final = re.compile(
    "[013457@$€!|+](?:(?<=[a-zñ].)(?:(?<=[034@$5])|[013457@$€!|+]?[a-zñ])|(?<=[@$0145])[a-zñ]{2})"
)
_MIXED: Final = re.compile("[a-zñ0-9@$!|+€]*[a-zñ][a-zñ0-9@$!|+€]*")
_LEET: Final = str.maketrans("013457@$€!|+", "oieastaseiit")
_INNER: Final = re.compile("(?<=[a-zñ])[013457@$€]{1,2}(?=[a-zñ])")
_INNER_SIGN: Final = re.compile("(?:(?<=^[a-zñ])|(?<=^[a-zñ]{2}))[!|](?=[a-zñ]{1,5}$)")
_LAST: Final = re.compile(
    "(?<=[a-zñ]{3})(?:[034@]|0{2,})$|(?<=ñ)0+$|(?<=^a)[5$]{2}(?=[a-zñ]*$)|(?<=a)[$]{2}(?=[a-zñ]*$)"
)
_FIRST: Final = re.compile(
    "^(?:@(?=[s$]{2}|zz$|nal|nus)|[$5](?=hit|lut|uck)|[$](?=ex|tupid)|1(?=diot|mbecil)|4(?=ss|nal))"
)

_TRIPLE: Final = re.compile(r"([a-zñ])\1\1")
_RUN: Final = re.compile(r"([a-zñ])\1\1+")
_WORD: Final = re.compile("[a-zñ]+")
# Words that are spelled with a double letter, so that a stretched one keeps two.
_DOUBLED_WORDS: Final = """
ass asses asshole assholes badass dumbass jackass piss pissed pissing pussy pussies boobs faggot
nigger nigga hell kill all call well will tell still good cool food school too soon room boo look
book see free need feet week been green street class pass miss boss less mess kiss happy better
funny gook jizz titties perro perra zorra porra carro guerra arriba calle ella
"""
_DOUBLED: Final = frozenset(_DOUBLED_WORDS.split())

_GAP_SIGN: Final = r"[ \n.\-_~,/\\·•*]"
_GAP: Final = rf"{_GAP_SIGN}{{1,3}}"  # also one letter a line
_LONE: Final = "[a-zñ013457@$!¢¡]"
_SPELLED: Final = rf"[a-zñ]({_GAP}){_LONE}\1{_LONE}"
_SPELLED_HINT: Final = re.compile(rf"(?:\b|_){_SPELLED}(?:\b|_)")
_LAST_TWO: Final = re.compile(rf"{_GAP_SIGN}{_LONE}{_GAP}{_LONE}(?:\b|_)")  # of them: a quick look
_SPELLED_OUT: Final = re.compile(
    rf"(?<![^\W_])(?<![^\W_]'){_SPELLED}(?:\1{_LONE})*(?![^\W_])(?!'[a-z])"
)
_WIDE_GAP: Final = re.compile(" ( +)")
_SPELLED_SHORT_WORDS: Final = """
ass wtf fuk fck fuc cum fag sex kms kys hdp ptm coo tit stf gay fun vrg mmg fdp jdp qlo pqp fku
fml ffs smd gfy alv pqp jfc ctm vsf tnc vtc krj sht lpm
"""
_SPELLED_SHORT: Final = frozenset(_SPELLED_SHORT_WORDS.split())
_ONE_LETTER_WORDS: Final = frozenset("aeiouyk")
# Beside swear words of four letters and more: shorter ones end or begin other words (m a s s).
_LONG: Final = 4
_LEAST_SPELLED: Final = 3
_SMALL_WORDS_LIST: Final = """
d q x t l m n la el los las de del tu tus su sus mi un una que es eres te me no si lo y o
the a an is are you u ur my of off this that so it in to um uma da do seu sua
"""
_SMALL_WORDS: Final = _ONE_LETTER_WORDS | frozenset(_SMALL_WORDS_LIST.split())
_LONGEST_SMALL: Final = max(map(len, _SMALL_WORDS))
_ALPHABET: Final = "abcdefghijklmnopqrstuvwxyz"


class Folded(NamedTuple):
    """A folded text and where each of its characters stood in the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @property
    def offsets(self) -> Sequence[tuple[int, int]]:
        """For each folded character the start and end of what it came from, in code points."""
        return list(zip(self.starts, self.ends, strict=True))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The stretch of the original that reads as text[start:end]; needs start < end."""
        return self.starts[start], self.ends[end - 1]


def fold(text: str) -> Folded:
    """The text as plain lower-case words; may hold anything, lone surrogates and NUL included.

    Every classifier folds the same batch, so the latest short texts are remembered.
    """
    return _remembered(text) if len(text) <= _REMEMBERED_LENGTH else _fold(text)


def _fold(text: str) -> Folded:
    if text.isascii() or not (runs := list(upside_down(text))):
        return _upright(text)
    pieces: list[str] = []
    done = 0
    for run in runs:
        pieces += (text[done : run.start], run.words)
        done = run.end
    return _whole(_upright("".join([*pieces, text[done:]])), runs)


def _whole(folded: Folded, runs: Sequence[Run]) -> Folded:
    """What stands in a run that was turned round came from all of it."""
    starts, ends = list(folded.starts), list(folded.ends)
    at = 0
    for place, start in enumerate(starts):
        while at < len(runs) and runs[at].end <= start:
            at += 1
        if at < len(runs) and runs[at].start <= start:
            starts[place], ends[place] = runs[at].start, max(ends[place], runs[at].end)
    return Folded(folded.text, starts, ends)


def _upright(text: str) -> Folded:
    # Most characters stay as they are; str.translate() would look up each of them.
    read = text if text.isascii() else _BEYOND_ASCII.sub(_read_as_another, text)
    if _ODD.search(read) or _HUMP_HINT.search(read):
        folded = _edit(_unedited(read), _characters(read))
        if _HUMP_HINT.search(folded.text):
            folded = _edit(folded, _humps(folded.text))
        folded = Folded(folded.text.lower(), folded.starts, folded.ends)
    else:
        folded = _unedited(read.lower())
    for _ in range(_MAX_ROUNDS):
        before = folded
        for hint, step in _STEPS:
            if hint(folded.text):
                folded = _edit(folded, _outside_links(folded.text, step(folded.text)))
        if folded is before:
            break
    return folded


_remembered: Final = lru_cache(maxsize=_REMEMBERED_TEXTS)(_fold)


def fold_ahead(texts: Iterable[str]) -> None:
    """Folds what fold() remembers, so that it has the answers ready."""
    for text in texts:
        if len(text) <= _REMEMBERED_LENGTH:
            _remembered(text)


def forget() -> None:
    """Every text will be folded anew: for measurements."""
    _remembered.cache_clear()


def _read_as_another(character: re.Match[str]) -> str:
    return _ONE_TO_ONE.get(character[0], character[0])


def _unedited(text: str) -> Folded:
    return Folded(text, range(len(text)), range(1, len(text) + 1))


def _edit(folded: Folded, edits: Iterable[_Edit]) -> Folded:
    """Carries out edits that come in order and do not overlap; the same object if there are none.

    A replacement as long as what it replaces keeps each character's own place.
    """
    pieces: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    done = 0
    text = folded.text
    for start, end, instead in edits:
        pieces += (text[done:start], instead)
        starts += folded.starts[done:start]
        ends += folded.ends[done:start]
        if end - start == len(instead):
            starts += folded.starts[start:end]
            ends += folded.ends[start:end]
        elif instead:
            first = folded.starts[start] if end > start else folded.ends[start - 1]
            starts += [first] * len(instead)
            ends += [folded.ends[end - 1] if end > start else first] * len(instead)
        done = end
    if not pieces:
        return folded
    pieces.append(text[done:])
    starts += folded.starts[done:]
    ends += folded.ends[done:]
    return Folded("".join(pieces), starts, ends)


def _characters(text: str) -> list[_Edit]:
    tildes = {match.start(): "ñ" for match in _TILDE.finditer(text)}
    edits = [(at, at + 2, letter) for at, letter in tildes.items()]
    for match in _ODD.finditer(text):
        at = match.start()
        read = plain(match[0])
        if read != match[0] and at - 1 not in tildes:
            edits.append((at, at + 1, read))
    return sorted(edits)


def _spelled_by_flags(text: str) -> list[_Edit]:
    """Regional indicators are letters where they name no countries, or inside a word."""
    edits = []
    for run in _INDICATORS.finditer(text):
        start, end = run.span()
        signs = run[0].replace(" ", "")
        inside = text[start - 1 : start].isalpha() and text[end : end + 1].isalpha()
        letters = spelled_by_flags(signs, inside=inside)
        if letters:
            edits.append((start, end, letters))
    return edits


def _humps(text: str) -> list[_Edit]:
    return [
        (hump, hump, " ")
        for word in _HUMPED.finditer(text)
        for hump in (match.start() for match in _HUMP.finditer(text, *word.span()))
    ]


def _outside_links(text: str, edits: Sequence[_Edit]) -> Sequence[_Edit]:
    """Addresses stay as they are: example.com/8fk2 is not a word in disguise."""
    if not edits or ("." not in text and "://" not in text):
        return edits
    links = [match.span() for match in LINK.finditer(text)]
    kept: list[_Edit] = []
    at = 0
    for edit in edits:
        while at < len(links) and links[at][1] <= edit[0]:
            at += 1
        if at == len(links) or links[at][0] >= edit[1]:
            kept.append(edit)
    return kept


def spelled_out_before(folded: Folded, start: int, end: int) -> bool:
    """Do only small words stand before text[start:end], spelled out in one run with it, as in
    "a p r i c k" and "l a p u t a"?"""
    at, least = start, max(start - _LONGEST_SMALL - 1, 0)  # a run may be as long as the text
    while at > least and folded.starts[at - 1] == folded.starts[start]:
        at -= 1
    words = _ONE_LETTER_WORDS if end - start < _LONG else _SMALL_WORDS
    return folded.text[at:start] in words and not folded.text[max(at - 1, 0) : at].isalnum()


def spelled_out_after(folded: Folded, start: int, end: int) -> bool:
    """The same of what stands after it: "p u ñ e t a y"."""
    at, most = end, min(end + _LONGEST_SMALL + 1, len(folded.text))
    while at < most and folded.starts[at] == folded.starts[start]:
        at += 1
    words = frozenset[str]() if end - start < _LONG else _SMALL_WORDS
    return folded.text[end:at] in words and not folded.text[at : at + 1].isalnum()


def _leet(text: str) -> list[_Edit]:
    """Digits and signs inside a word are letters; those of a number, a price or a grade are not."""
    edits = []
    for match in _MIXED.finditer(text):
        word = match[0]
        if word.isalpha() or len(word) > 40:
            continue
        read = _INNER.sub(lambda run: run[0].translate(_LEET), word)
        read = _INNER_SIGN.sub(lambda run: run[0].translate(_LEET), read) if len(word) < 9 else read
        for edge in (_FIRST, _LAST):
            read = edge.sub(lambda run: run[0].translate(_LEET), read)
        if read != word:
            edits.append((match.start(), match.end(), read))
    return edits


def _stretched(text: str) -> list[_Edit]:
    """A letter three times or more stands for one, or for two where the word is spelled so."""
    edits = []
    done = 0
    for triple in _TRIPLE.finditer(text):
        if triple.start() < done:
            continue
        start = triple.start()
        while start > done and (text[start - 1] == "ñ" or "a" <= text[start - 1] <= "z"):
            start -= 1
        word = _WORD.match(text, start)
        if word is None:
            continue
        done = word.end()
        double = _RUN.sub(r"\1\1", word[0])
        single = _RUN.sub(r"\1", word[0])
        keep = double if double in _DOUBLED else single
        runs = _RUN.finditer(word[0])
        length = 2 if keep == double else 1
        edits += [(start + run.start(), start + run.end(), run[1] * length) for run in runs]
    return edits


def _spelled_out(text: str) -> list[_Edit]:
    """Four or more single letters with the same gap are a word; three only if listed.

    The words around them stand further off than others, s u c k  a  d i c k: that gap is closed.
    """
    edits = []
    done = 0
    for match in _SPELLED_OUT.finditer(text):
        word = match[0][:: 1 + len(match[1])]
        letters = sum(letter.isalpha() for letter in word)
        if word[:4] in _ALPHABET or letters < 3 or len(set(word)) < 2:
            continue
        if len(word) == _LEAST_SPELLED and "," in match[1]:  # days and grades: T, W, F
            continue
        if (len(word) > 3 and letters * 3 >= len(word) * 2) or word in _SPELLED_SHORT:
            start, end = match.span()
            before = text[done:start]
            wide = len(before) - len(before.rstrip(" ")) - 1
            if wide > 0:
                edits.append((start - wide, start, ""))
            edits.append((start, end, word))
            done = end
            gap = _WIDE_GAP.match(text, end)
            if gap:
                edits.append((*gap.span(1), ""))
                done = gap.end()
    return edits


def _may_be_spelled_out(text: str) -> bool:
    return _LAST_TWO.search(text) is not None and _SPELLED_HINT.search(text) is not None


def _holds_indicators(text: str) -> bool:
    return not text.isascii() and _INDICATORS.search(text) is not None


_STEPS: Final[tuple[tuple[Callable[[str], object], Callable[[str], list[_Edit]]], ...]] = (
    (_holds_indicators, _spelled_by_flags),
    (_LEET_HINT.search, _leet),
    (_TRIPLE.search, _stretched),
    (_may_be_spelled_out, _spelled_out),
)
