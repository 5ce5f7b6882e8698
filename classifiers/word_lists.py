"""Reads a word list (.txt): severities, words, their marks; see docs/policy.md, "Rules"."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Final

from classifiers.inflection import LANGUAGES, inflected, is_everyday
from classifiers.normalise import fold
from modbot.domain import Category
from modbot.errors import BadConfig

STRONG: Final = 1.0
_SWEARING: Final = frozenset({Category.PROFANITY, Category.OFFENSIVE})
WEAK: Final = 0.8
SEVERITIES: Final = {"strong": STRONG, "weak": WEAK, "mild": 0.3}  # what policy.toml compares
INNOCENT: Final = "innocent"
INNOCENT_STEMS: Final = "innocent stems"
DISGUISED: Final = "disguised"  # innocent as it stands, meant once it is disguised: d1ck
_SECTIONS: Final = (*SEVERITIES, DISGUISED, INNOCENT, INNOCENT_STEMS)
_LEAST_IN_DOUBT: Final = 3  # letters; shorter ones are codes: 4F, B5
_MOST_FORMS: Final = 2000  # of one line


@dataclass(frozen=True, kw_only=True)
class WordRule:
    """One form of an entry of a word list, folded."""

    rule: str  # the entry: "profanity_es:joder" for every form of it
    text: str  # folded
    category: Category
    score: float
    opens: bool = False  # may letters stand before it
    runs_on: bool = False  # may letters follow it
    only_disguised: bool = False
    derived: str = ""  # the mark that made it from the entry: "v"
    everyday: bool = False  # a derived form that is written as often as the entry
    language: str = ""  # "es", or "" where the list names none
    file: str = ""
    line: int | None = None

    @cached_property
    def in_doubt(self) -> bool:
        """Is a single word surer once it is disguised? Nobody writes h0e of a garden hoe."""
        if self.score != WEAK and not self.only_disguised:
            return False
        single = self.text.isalpha() and len(self.text) >= _LEAST_IN_DOUBT
        return single and self.category in _SWEARING

    def meant(self) -> WordRule:
        """The word as it counts where it is disguised."""
        return replace(self, score=STRONG, only_disguised=False) if self.in_doubt else self


@dataclass(frozen=True, kw_only=True)
class WordList:
    """What one file lists."""

    words: tuple[WordRule, ...]
    innocent: frozenset[str]  # words that are no form and no disguise of another
    innocent_stems: frozenset[str]  # and no beginning of one that was cut off


def read_word_list(path: Path, text: str) -> WordList:
    """`category: NAME[, NAME]`, perhaps `language: NAME`, then sections, one entry a line.

    Sections are [strong], [weak], [mild], [disguised], [innocent] and [innocent stems]; the last
    two hold many words a line.
    Raises BadConfig with file and line.
    """
    reader = _Reader(path)
    words: list[WordRule] = []
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.split("#", 1)[0].strip()
        if line:
            words += reader.read(line, number)
    return WordList(
        words=tuple(words),
        innocent=frozenset(reader.innocent),
        innocent_stems=frozenset(reader.innocent_stems),
    )


class _Reader:
    """Where in the file one is: under which categories, language and section."""

    def __init__(self, path: Path):
        self.innocent: set[str] = set()
        self.innocent_stems: set[str] = set()
        self._path = path
        self._categories: list[Category] = []
        self._language = ""
        self._section = ""

    def read(self, line: str, number: int) -> Iterator[WordRule]:
        if line.startswith("category:"):
            names = line.removeprefix("category:").split(",")
            self._categories = [category(name.strip(), self._path, number) for name in names]
        elif line.startswith("language:"):
            self._language = line.removeprefix("language:").strip()
            if self._language not in LANGUAGES:
                known = ", ".join(LANGUAGES)
                raise self._bad(f"no language {self._language!r}; there are: {known}", number)
        elif line.startswith("["):
            self._section = line.strip("[]").strip()
            known = ", ".join(_SECTIONS)
            if self._section not in _SECTIONS or line != f"[{self._section}]":
                raise self._bad(f"no severity {line}; there are: {known}", number)
        elif self._section == INNOCENT:
            self.innocent.update(fold(line).text.split())
        elif self._section == INNOCENT_STEMS:
            self.innocent_stems.update(fold(line).text.split())
        elif not self._categories or not self._section:
            missing = "a severity such as [strong]" if self._categories else "`category: NAME`"
            raise self._bad(f"needs {missing} above this", number)
        else:
            yield from self._entry(line, number)

    def _entry(self, line: str, number: int) -> Iterator[WordRule]:
        """One line: a word or phrase, perhaps with stars, choices (hijo/hija) and a mark."""
        written, _, mark = line.partition("~")
        choices = [word.split("/") for word in written.split()]
        phrases = [" ".join(phrase) for phrase in product(*choices)]
        made = 0
        for phrase in phrases:
            bare = phrase.strip("*")
            folded = fold(bare).text.strip()
            if not folded or "*" in bare:
                raise self._bad("is no word or phrase", number, key=line)
            try:
                forms = inflected(folded, mark, self._language) if mark else (folded,)
            except ValueError as error:
                raise self._bad(str(error), number, key=line) from None
            made += len(forms)
            if made > _MOST_FORMS:
                raise self._bad(f"makes more than {_MOST_FORMS:,} forms; split it", number)
            for form in forms:
                word = WordRule(
                    rule=f"{self._path.stem}:{bare}",
                    text=form,
                    category=self._categories[0],
                    score=SEVERITIES.get(self._section, STRONG),
                    only_disguised=self._section == DISGUISED,
                    opens=phrase.startswith("*"),
                    runs_on=phrase.endswith("*"),
                    derived=mark if form != folded else "",
                    everyday=form != folded and is_everyday(folded, form, mark, self._language),
                    language=self._language,
                    file=str(self._path),
                    line=number,
                )
                yield from (replace(word, category=name) for name in self._categories)

    def _bad(self, problem: str, number: int, *, key: str = "") -> BadConfig:
        return BadConfig(problem, file=str(self._path), line=number, key=key)


def category(name: str, path: Path, line: int | None) -> Category:
    """The category of that name; BadConfig that names the known ones."""
    try:
        return Category(name)
    except ValueError:
        known = ", ".join(Category)
        raise BadConfig(
            f"no category {name!r}; there are: {known}", file=str(path), line=line, key="category"
        ) from None
