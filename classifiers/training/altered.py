"""Written comments with words changed for neighbours, and halves of two of them put together.

Nobody labels them: the tutor says what it makes of each, and so the layers learn of many more words
and turns than people wrote down (augmentation for distillation: Jiao et al., TinyBERT, 2020).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from classifiers.training.vocabulary import COMMONEST, Vocabulary, WordLists
from classifiers.training.written import WrittenComment

_NEAREST = 6  # words that may stand in for one
_ALIKE = 0.5  # cosine of the teacher's views of two words, at least
_CHANGED = 0.35  # share of the words
_LITTLE_WORDS = 200  # the commonest of a language hold a sentence together and stay
_OWN = 0.3  # powers of ten by which a word may be commoner in another language
_ROWS = 2048

Numbers = NDArray[np.float32]
Words = Callable[[str], Sequence[str]]
Near = dict[str, list[str]]


def altered(
    comments: Sequence[WrittenComment],
    words: Vocabulary,
    views: Numbers,
    split: Words,
    lists: WordLists,
    *,
    seed: int,
) -> list[str]:
    """Two texts of each comment that is not kept out: itself with neighbours, and crossed with
    another of its language."""
    comments = [comment for comment in comments if not comment.kept_out]
    random = np.random.default_rng(seed)
    near = {language: _neighbours(words, views, lists, language) for language in COMMONEST}
    swapped = [_swapped(each.text, near.get(each.lang, {}), split, random) for each in comments]
    of_language: dict[str, list[int]] = {}
    for place, comment in enumerate(comments):
        of_language.setdefault(comment.lang, []).append(place)
    found = set(swapped)
    for comment, text in zip(comments, swapped, strict=True):
        others = of_language[comment.lang]
        found.add(_crossed(text, swapped[others[int(random.integers(len(others)))]]))
    return sorted(text for text in found - {comment.text for comment in comments} if split(text))


def _crossed(first: str, second: str) -> str:
    one, two = first.split(), second.split()
    return " ".join(one[: (len(one) + 1) // 2] + two[len(two) // 2 :])


def _swapped(text: str, near: Near, split: Words, random: np.random.Generator) -> str:
    found = []
    for word in text.split():
        read = split(word) if random.random() < _CHANGED else ()
        choices = near.get(read[0], []) if len(read) == 1 else []
        found.append(choices[int(random.integers(len(choices)))] if choices else word)
    return " ".join(found)


def _neighbours(words: Vocabulary, views: Numbers, lists: WordLists, language: str) -> Near:
    """Of each word of the language the forms of those that the teacher sees alike."""
    own = _own_words(words, lists, language)
    units = views[own] / np.sqrt((views[own] ** 2).sum(axis=1, keepdims=True) + 1e-6)
    near: Near = {}
    for start in range(0, len(own), _ROWS):
        alike = units[start : start + _ROWS] @ units.T
        alike[np.arange(len(alike)), np.arange(start, start + len(alike))] = -1
        best = np.argpartition(-alike, min(_NEAREST, len(own) - 1), axis=1)[:, :_NEAREST]
        for row, places in enumerate(best):
            chosen = [own[place] for place in places if alike[row, place] >= _ALIKE]
            near[words.words[own[start + row]]] = [words.forms[place] for place in chosen]
    return near


def _own_words(words: Vocabulary, lists: WordLists, language: str) -> NDArray[np.int64]:
    little = set(lists.commonest(language)[:_LITTLE_WORDS])
    found = []
    for place, form in enumerate(words.forms):
        here = lists.frequency(form, language)
        others = max(lists.frequency(form, other) for other in COMMONEST if other != language)
        if here >= max(1.5, others - _OWN) and form not in little and len(form) > 2:
            found.append(place)
    return np.array(found, dtype=np.int64)
