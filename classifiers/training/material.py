"""All texts of the training with the teacher's views of them, read once and used by both runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from classifiers.embedded.pieces import MAX_WORDS, split_words, unrepeated
from classifiers.normalise import fold
from classifiers.training.altered import altered
from classifiers.training.batches import Texts, WordNumbers
from classifiers.training.network import SENSE, WIDTH
from classifiers.training.rows import LANGUAGE_WEIGHTS, read_lines, training_row
from classifiers.training.teacher import Projection
from classifiers.training.vocabulary import Vocabulary, WordLists, build
from classifiers.training.written import WrittenComment, written_comments

_SAMPLE = 60_000  # public texts that show in which directions the teacher's views differ
_KNOWN_SPREAD = 0.12  # of the vocabulary's first vectors
_SPAN_WORDS = (2, 10)  # words of a phrase cut from a text, at least and less than
_SPANS_OF = {"es": 3, "pt": 1}  # phrases cut from a public text; English has texts enough
_WRITTEN_SPANS = 6
_WRITTEN_WEIGHT = 2.0  # of their views, against a public text
_PORTUGUESE_SPANS = 15_000
_ASKED_ONE_IN = {"es": 1}  # public texts that the tutor is asked of; Spanish ones are scarce
_ELSE_ONE_IN = 3

Numbers = NDArray[np.float32]
Views = Callable[[Sequence[str], str], Numbers]  # texts and what they are, to texts x teacher


@dataclass(frozen=True, kw_only=True)
class Viewed:
    """Texts as words, with the teacher's projected view of each and how much it counts."""

    texts: Texts
    views: Numbers
    weights: Numbers


@dataclass(frozen=True, kw_only=True)
class Material:
    """What the layers and the second head learn from."""

    public_texts: tuple[str, ...]
    asked: NDArray[np.int64]  # places of the public texts that the tutor is asked of
    phrase_texts: tuple[str, ...]
    vocabulary: Vocabulary
    known: Numbers  # the vocabulary's first vectors
    public: Viewed
    targets: Numbers  # of the public texts: texts x LABELS
    target_weights: Numbers
    words: Viewed  # the vocabulary itself
    phrases: Viewed
    comments: tuple[WrittenComment, ...]
    written: Viewed
    altered_texts: tuple[str, ...]
    altered: Texts
    written_words: tuple[tuple[str, ...], ...]
    posts: tuple[str, ...]  # each once
    post_texts: Texts


def read_material(
    data: Path,
    comments: Path | None,
    teacher: Views,
    lists: WordLists,
    *,
    seed: int,
    report: Callable[[str], None],
) -> Material:
    """Reads DATA/train.jsonl.gz and the written comments and asks the teacher for its views."""
    lines, written = list(read_lines(data / "train.jsonl.gz")), written_comments(comments)
    texts = [str(line["text"]) for line in lines]
    words = _vocabulary(texts, written, lists, report)
    views, word_views = teacher(texts, "public texts"), teacher(words.forms, "words")
    viewing = _Viewing(WordNumbers(words.words), Projection(views[:_SAMPLE], SENSE))
    rows = [training_row(line, folded_text) for line in lines]
    phrases = _phrases(lines, written, seed)
    posts = tuple(sorted({comment.post for comment in written}))
    changed = altered(written, words, word_views, words_of, lists, seed=seed)
    own = [comment.text for comment in written]
    own_words = list(map(words_of, own))
    return Material(
        public_texts=tuple(texts),
        asked=_asked([str(line["lang"]) for line in lines]),
        phrase_texts=tuple(phrases),
        vocabulary=words,
        known=Projection(word_views, WIDTH)(word_views) * np.float32(_KNOWN_SPREAD),
        public=viewing.of([row.words for row in rows], views, _language_weights(lines)),
        targets=np.array([row.targets for row in rows], dtype=np.float32),
        target_weights=np.array([row.weights for row in rows], dtype=np.float32),
        words=viewing.of([(word,) for word in words.words], word_views, 1.0),
        phrases=viewing.of(list(map(words_of, phrases)), teacher(phrases, "phrases"), 1.0),
        comments=tuple(written),
        written=viewing.of(own_words, teacher(own, "written comments"), _WRITTEN_WEIGHT),
        altered_texts=tuple(changed),
        altered=Texts(list(map(words_of, changed)), viewing.numbers),
        written_words=tuple(own_words),
        posts=posts,
        post_texts=Texts([words_of(post) for post in posts], viewing.numbers),
    )


def _vocabulary(
    texts: Sequence[str],
    written: Sequence[WrittenComment],
    lists: WordLists,
    report: Callable[[str], None],
) -> Vocabulary:
    ours = [text for comment in written for text in (comment.text, comment.post)]
    words = build(texts, ours, lists, folded_text)
    report(f"{len(texts)} public texts, {len(written)} comments, {len(words.words)} known words")
    return words


@dataclass(frozen=True)
class _Viewing:
    """Puts texts and the teacher's views of them into the model's terms."""

    numbers: WordNumbers
    project: Projection

    def of(
        self, words: Sequence[Sequence[str]], views: Numbers, weights: float | list[float]
    ) -> Viewed:
        each = np.broadcast_to(np.asarray(weights, dtype=np.float32), len(words)).copy()
        return Viewed(texts=Texts(words, self.numbers), views=self.project(views), weights=each)


def folded_text(text: str) -> str:
    """As the judges read it."""
    return fold(text).text


def words_of(text: str) -> tuple[str, ...]:
    """The words that the layers see of a text."""
    return tuple(unrepeated(split_words(folded_text(text)))[:MAX_WORDS])


def _language_weights(lines: Sequence[dict[str, object]]) -> list[float]:
    return [LANGUAGE_WEIGHTS.get(str(line["lang"]), 1.0) for line in lines]


def _asked(languages: Sequence[str]) -> NDArray[np.int64]:
    """One text in so many of each language, evenly from front to back."""
    seen: Counter[str] = Counter()
    found = []
    for place, language in enumerate(languages):
        if seen[language] % _ASKED_ONE_IN.get(language, _ELSE_ONE_IN) == 0:
            found.append(place)
        seen[language] += 1
    return np.array(found, dtype=np.int64)


def _phrases(
    lines: Sequence[dict[str, object]], written: Sequence[WrittenComment], seed: int
) -> list[str]:
    """Pieces of a few words, so that the model learns what parts of a text mean."""
    random = np.random.default_rng(seed)
    pool = [comment.text for comment in written for _ in range(_WRITTEN_SPANS)]
    pool += [comment.post for comment in written]
    for language, times in _SPANS_OF.items():
        some = [str(line["text"]) for line in lines if line["lang"] == language]
        some = some[:_PORTUGUESE_SPANS] if language == "pt" else some
        pool += [text[:400] for text in some for _ in range(times)]
    found = set()
    for text in pool:
        words = text.split()
        length = int(random.integers(*_SPAN_WORDS))
        start = int(random.integers(0, max(1, len(words) - length)))
        if len(words) > 3:
            found.add(" ".join(words[start : start + length]))
    return sorted(phrase for phrase in found if words_of(phrase))
