"""Swear words with letters starred out or under emoji: f*ck, s**t, d*mb*ss, c🎺ño, p...ta."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from classifiers.word_lists import WordRule

_EMOJI: Final = "\u2190-\u2bff\U0001f000-\U0001faff"
_BESIDE: Final = "[*#%@$!&^+]{0,5}"  # in a run with a star, a hash or a percent sign
_VEIL: Final = (
    rf"(?:{_BESIDE}[*#%]{{1,12}}{_BESIDE}|[{_EMOJI}]{{1,3}}|\.{{2,6}}|_{{2,6}}"
    r"|-{2,6}|,{2,6}|/{2,6}|~{1,6}|…)"
)
# A veil behind a letter, or a star within one. It begins with what is rare and looks back.
_HINT: Final = re.compile(
    rf"[*#%{_EMOJI}….\-_,/~](?:(?<=[a-zñ].)(?:(?<![.\-_,/])|(?<=\.)\.|(?<=_)_|(?<=,),|(?<=/)/"
    r"|(?<=-)(?:-|(?!\w)))"
    r"|(?<=[@$!&^+*#%][*#%]))"
)
# Cut off: mier..., bulls-, pendej--. Of a hyphen alone a word may go on behind: well-known.
_CUT: Final = re.compile(r"[.\-_](?<=[a-zñ].)(?:(?<=-)|(?<=\.)\.|(?<=_)_)[.\-_]{0,5}(?![\w.\-])")
_EMOJI_CUT: Final = re.compile(rf"[{_EMOJI}](?<=[a-zñ].)(?![a-zñ])")  # puñe🔥
_STEM: Final = re.compile(r"(?<![\w*'@.-])[a-zñ]{4,12}$")
_LEAST_STEM: Final = 4
_LONGEST_STEM: Final = 13  # and what stands before it
_TRAILING: Final = re.compile(r"(?:\.{2,}|_{2,}|-{2,})$")
_CENSORED: Final = re.compile(
    rf"(?<![\w*])[a-zñ]{{1,8}}{_VEIL}(?:[a-zñ]{{1,8}}{_VEIL}){{0,2}}[a-zñ]{{0,12}}(?![\w*])"
)
_VEILS: Final = re.compile(_VEIL)
_LEWD: Final = "🍆🍑🥒🍌💩🌽🥚"  # stand for the end of a word: hijue🍆
_LEAST_BEFORE_LEWD: Final = 4
_STARS: Final = re.compile("[*#%]")
_LONGEST_VEILED: Final = 8  # letters that one veil stands for
# Of sounds that are written otherwise; with two stars too little is left to know.
_SOUNDS: Final = (("k", "c"), ("ph", "f"), ("q", "c"), ("sh", "ch"), ("x", "ch"), ("b", "v"))
_ONE_STAR: Final = re.compile("[a-zñ]+[*#%][a-zñ]+")
_LEAST_RESPELLED: Final = 5
_ENDINGS: Final = (
    *("", "s", "ed", "er", "ers", "in", "ing", "ingly"),
    *("y", "ty", "ts", "es", "a", "as"),
)
_FIRST_LETTER_ONLY: Final = re.compile(
    r"f[*#%@$&^+!]{3,7}|[sb](?=[*#%@$&]{3,5}$)[*#%]+[@$&][*#%@$&]*|[scpd][*#%]{3}|b[*#%]{4,6}|m[*#%]{4,5}"
)
_KEPT_LETTERS: Final = 2  # other words need more than their first letter
# Of initials each letter is counted and no ending follows: g*o is not gtfo, s**per not stfup.
_INITIALS: Final = re.compile("[b-df-hj-np-tv-z]{3}(?<![hlr])")


class Censored:
    """Knows which listed swear word a veiled one stands for."""

    def __init__(
        self,
        swears: Sequence[WordRule],
        innocent: frozenset[str],
        innocent_stems: frozenset[str] = frozenset(),
        doubted: Sequence[WordRule] = (),  # meant only with a star among the letters: d*ck
    ):
        self._innocent = innocent
        self._by_initial: dict[str, list[WordRule]] = {}
        self._inner: dict[str, list[WordRule]] = {}
        for word in swears:
            self._by_initial.setdefault(word.text[0], []).append(word)
            if word.opens:
                self._inner.setdefault(word.text[0], []).append(word)
        self._doubted: dict[str, list[WordRule]] = {}
        for word in doubted:
            self._doubted.setdefault(word.text[0], []).append(word)
        self._stems: dict[str, WordRule] = {}
        for word in swears:
            if word.text.isalpha() and not word.derived:
                for end in range(max(_LEAST_STEM, len(word.text) // 2), len(word.text)):
                    self._stems.setdefault(word.text[:end], word)
        for stem in innocent | innocent_stems:
            self._stems.pop(stem, None)

    def find(self, text: str) -> Iterator[tuple[WordRule, int, int]]:
        """The swear word that each veiled word of a folded text stands for, and where."""
        if not _HINT.search(text):
            return
        meant: dict[str, WordRule | None] = {}
        for match in _CENSORED.finditer(text):
            veiled = match[0]
            if veiled not in meant:
                meant[veiled] = (
                    self._meant(veiled) or self._meant_before(veiled) or self._respelled(veiled)
                )
            found = meant[veiled]
            if found is not None:
                yield found, match.start(), match.end()
        for match in chain(_CUT.finditer(text), _EMOJI_CUT.finditer(text)):
            stem = _STEM.search(text, max(match.start() - _LONGEST_STEM, 0), match.start())
            found = self._stems.get(stem[0]) if stem else None
            if stem and found:
                yield found, *stem.span()

    def _may_be_veiled(self, veiled: str, pieces: Sequence[str]) -> bool:
        """Dots and emoji also stand between and behind innocent words: "so...it", "love💙"."""
        if _STARS.search(veiled):
            return True
        if self._innocent.issuperset(pieces):
            return False
        if veiled[-1] in _LEWD:
            return len(pieces) == 1 and len(pieces[0]) >= _LEAST_BEFORE_LEWD
        return veiled[-1].isalpha()

    def _meant_before(self, veiled: str) -> WordRule | None:
        """Without the dots or dashes that the sentence trails off with."""
        before = _TRAILING.sub("", veiled)
        return self._meant(before) if before != veiled and _VEILS.search(before) else None

    def _respelled(self, veiled: str) -> WordRule | None:
        """With a sound spelled otherwise beside the star: kar*jo, ph*der."""
        if not _ONE_STAR.fullmatch(veiled) or len(veiled) < _LEAST_RESPELLED:
            return None
        for written, sound in _SOUNDS:
            if written in veiled:
                word = self._meant(veiled.replace(written, sound))
                if word is not None:
                    return word
        return None

    def _meant(self, veiled: str) -> WordRule | None:
        """A run of stars stands for as many letters, give or take."""
        pieces = [piece for piece in _VEILS.split(veiled) if piece]
        shown = sum(map(len, pieces))
        if shown < _KEPT_LETTERS and not _FIRST_LETTER_ONLY.fullmatch(veiled):
            return None
        if not self._may_be_veiled(veiled, pieces):
            return None
        opening = pieces[0]  # may reach into a word's ending
        near = [
            word
            for word in self._by_initial.get(veiled[0], ())
            if len(word.text) <= len(veiled) + (4 if veiled[-1] in _LEWD else 2)
            and (word.text.startswith(opening) or opening.startswith(word.text))
        ]
        pattern = re.compile(_VEILS.sub(lambda run: _letters(len(run[0])), veiled))
        exact = re.compile(_VEILS.sub(lambda run: "." * len(run[0]), veiled))
        if veiled[-1] in _LEWD:
            return near[0] if near else None
        for word in near:
            if _stands_for(word.text, pattern, exact):
                return word
        if _STARS.search(veiled) and veiled[-1].isalpha():
            for word in self._doubted.get(veiled[0], ()):
                if pattern.fullmatch(word.text):
                    return word
        return self._inside(pattern, opening)

    def _inside(self, pattern: re.Pattern[str], opening: str) -> WordRule | None:
        """A word that counts inside others too (*fuck*), with letters before it: fatf*ck."""
        for at in range(1, len(opening)):
            for word in self._inner.get(opening[at], ()):
                begun = opening[:at] + word.text
                if any(pattern.fullmatch(begun + ending) for ending in _ENDINGS):
                    return word
        return None


def _stands_for(word: str, pattern: re.Pattern[str], exact: re.Pattern[str]) -> bool:
    if _INITIALS.match(word):
        return exact.fullmatch(word) is not None
    return any(pattern.fullmatch(word + ending) for ending in _ENDINGS)


def _letters(signs: int) -> str:
    return f"[a-zñ]{{1,{min(signs + 1, _LONGEST_VEILED)}}}"
