"""The words that have a vector of their own, the form the teacher reads, and their language."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from classifiers.embedded.pieces import split_words

# How many of the commonest words of a language are taken, whether a training text has them or not.
COMMONEST = {"en": 17_000, "es": 25_000, "pt": 8_000}
SEEN = 4  # a word of the public texts that is not among them must occur this often
_LEAD = 1.0  # powers of ten by which a word must be commoner in one language to count as its own
_RAW = re.compile(r"[^\W_]+(?:['’][^\W_]+){0,2}|[!?]{1,8}|[^\w\s]")
_LIST_VOTES = 3  # a form from a language's list against one that a text uses

Folding = Callable[[str], str]


@dataclass(frozen=True, kw_only=True)
class Vocabulary:
    """Folded words in alphabetical order; `forms` and `language` follow it."""

    words: tuple[str, ...]
    forms: tuple[str, ...]  # as people write the word, accents and all
    language: tuple[int, ...]  # -1 English, 1 Spanish or Portuguese, 0 either


class WordLists(Protocol):
    """How common words are in a language."""

    def commonest(self, language: str) -> Sequence[str]:
        """Its commonest words."""
        ...

    def frequency(self, word: str, language: str) -> float:
        """On the Zipf scale: powers of ten of its uses in a billion words."""
        ...


class Wordfreq:
    """The word lists of the package wordfreq, needed for training alone."""

    def commonest(self, language: str) -> Sequence[str]:
        """The COMMONEST words of the language."""
        from wordfreq import top_n_list

        words: Sequence[str] = top_n_list(language, COMMONEST[language])
        return words

    def frequency(self, word: str, language: str) -> float:
        """On the Zipf scale; 0 for an unknown word."""
        from wordfreq import zipf_frequency

        return float(zipf_frequency(word, language))


def build(
    public: Iterable[str], written: Iterable[str], lists: WordLists, folded: Folding
) -> Vocabulary:
    """The vocabulary of the texts and of the languages' word lists."""
    rare: Counter[str] = Counter()
    for text in public:
        rare.update(_RAW.findall(text.lower()))
    votes: Counter[str] = Counter({form: n for form, n in rare.items() if n >= SEEN})
    for text in written:
        votes.update(_RAW.findall(text.lower()))
    for language in COMMONEST:
        votes.update(dict.fromkeys(lists.commonest(language), _LIST_VOTES))
    forms: dict[str, Counter[str]] = defaultdict(Counter)
    for form, count in votes.items():
        read = split_words(folded(form))
        if len(read) == 1:
            forms[read[0]][form] += count
    words = tuple(sorted(forms))
    chosen = tuple(_commonest(forms[word]) for word in words)
    return Vocabulary(
        words=words,
        forms=chosen,
        language=tuple(_language(form, lists) for form in chosen),
    )


def common_rows(
    comments: Iterable[Sequence[str]], vocabulary: Sequence[str], *, most: int
) -> list[int]:
    """The places, from 1, of the words of the vocabulary that the comments (the words of each) have
    most often; in the order of the vocabulary, which takes less room in a file."""
    written = Counter(chain.from_iterable(comments))
    often = sorted(range(len(vocabulary)), key=lambda place: -written[vocabulary[place]])
    return sorted(1 + place for place in often[:most] if written[vocabulary[place]])


def _commonest(votes: Mapping[str, int]) -> str:
    return max(votes.items(), key=lambda item: (item[1], item[0]))[0]


def _language(form: str, lists: WordLists) -> int:
    romance = max(lists.frequency(form, "es"), lists.frequency(form, "pt"))
    english = lists.frequency(form, "en")
    if abs(romance - english) < _LEAD:
        return 0
    return 1 if romance > english else -1
