"""The embedded model: a small word CNN with two heads, run with numpy alone.

The first head scores six kinds of toxicity, the second the policy's categories with the post as
context. docs/model.md says how it works, what it was trained on and how far to trust it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from classifiers.embedded.encoder import Encoded, encode
from classifiers.embedded.label_head import label_answers, label_logits
from classifiers.embedded.pieces import MAX_WORDS, at_places, kept_places, split_words
from classifiers.embedded.policy_head import policy_logits
from classifiers.embedded.reading import Cleared, Reading
from classifiers.embedded.shares import shares_of, word_parts
from classifiers.embedded.signs import signs
from classifiers.embedded.weights import (
    SCORED,
    Vectors,
    load_weights,
    shipped_weights,
    version_of,
    weights_files,
)
from classifiers.embedded.words import WordTable
from classifiers.labels import CRITICISM, LABELS, policy_score
from classifiers.normalise import Folded, fold
from modbot.domain import ESCALATES, Aspect, Category, Comment, Evidence, Share, Signal
from modbot.errors import ClassifierFailed

FLOOR = 0.04  # probabilities below say nothing worth a manager's time
URGENT_FLOOR = 0.03  # the same of threats and cries for help: to miss one costs most
SPEAKS_OF_OFFICIALS = 0.2  # from here on a comment may be criticism of officials: low, to be safe
NEARS_OFFICIALS = 0.1  # of what sounds like a threat: critics foresee bad ends
MOCKS_OFFICIALS = 0.008  # of what sounds like an insult: critics mock, too
HINTS_AT_OFFICIALS = 0.003  # it may be aimed at one: from here on, or by its words
# From this toxicity on the first head agrees that a text may be an insult, but not where it is of a
# group that it speaks, from this on: groups stand mostly under attack in what it was taught.
SECONDS_INSULTS = 0.3
SPEAKS_OF_GROUPS = 0.3
FEWEST_WORDS = 3  # fewer say too little, and so do three with a sign among them
FEWEST_TO_HIDE = 4  # of fewer a person judges: names and idioms would pass for what they resemble
# Where the model might take an opinion for a breach, criticism of officials in the comment stays
# its hand. A swear word is one whatever it stands beside, and a cry for help too.
_OF_OPINION = frozenset({*Category} - {Category.PROFANITY, Category.CRISIS})
_BATCH_WORDS = 2048  # keeps the layers' values in the processor's cache
_POSTS_KEPT = 512

_ORDERED = tuple(Category)
_CATEGORIES = slice(len(LABELS), len(LABELS) + len(_ORDERED))  # in the order of SCORED
_CRITICISM = SCORED.index(policy_score(CRITICISM))
_INSULT = SCORED.index(policy_score(Category.OFFENSIVE))
_TOXICITY, _ATTACK = SCORED.index("toxicity"), SCORED.index("identity_attack")

Scores = dict[str, float]


class _Window(NamedTuple):
    """A stretch of a text that is read at once."""

    owner: int  # which text
    first: bool  # of its text
    words: list[str]
    places: Sequence[int]  # of the words among `said`
    said: list[str]  # all words of the text


class _Read(NamedTuple):
    """Windows as the layers see them."""

    encoded: Encoded
    inside: Vectors  # windows x inner features of the policy's head
    probabilities: Vectors  # windows x SCORED, calibrated


class _Flagged(NamedTuple):
    """A window with a score that reaches the floor."""

    row: int  # of its batch
    window: _Window
    text: Reading
    scores: list[float]  # in the order of SCORED

    @property
    def short(self) -> bool:
        """Is this all of a text, and little?"""
        return self.window.first and len(self.window.words) < FEWEST_TO_HIDE

    @property
    def spans(self) -> Sequence[tuple[int, int]]:
        """Where the window's words stand in the folded text."""
        return at_places(self.text.spans, self.window.places)

    def over(self, floors: Sequence[float]) -> Iterator[int]:
        """The numbers of the categories that the text may breach."""
        for number, (score, floor) in enumerate(zip(self.scores[_CATEGORIES], floors, strict=True)):
            if score < floor:
                continue
            if _ORDERED[number] is not Category.SALES or not self.text.is_no_offer(score):
                yield number


class EmbeddedClassifier:
    """Scores comments for toxicity and for breaches. Raises ClassifierFailed on bad weights."""

    name = "embedded"

    def __init__(
        self,
        folder: Traversable | Path | None = None,
        *,
        floor: float | None = None,
        folded: Callable[[str], Folded] = fold,
        cleared: Cleared | None = None,
        about_officials: Callable[[Comment], bool] | None = None,
        tells_of_words: Callable[[str], bool] | None = None,
        passes_on: Callable[[str], bool] | None = None,
    ) -> None:
        """`floor` is the least probability of a signal, in place of FLOOR and URGENT_FLOOR.
        `cleared` says where a text is innocent of what (names, idioms): a score that rests mostly
        on such words gives no signal. Where `about_officials` says so of a comment, what it is
        found to insult counts as officials, whatever the model takes it to be about; where
        `tells_of_words` says that a text passes on what others said, such an insult is a quote;
        `passes_on` says where something bought is passed on, which is for the rules to judge."""
        # The products for one comment are small: shared out over the cores a product of 20 words
        # takes 100 times as long when one of them is busy, and its last bits depend on how many.
        threadpool_limits(limits=1, user_api="blas")
        self._folder = folder or shipped_weights()
        self._weights, self.version = load_weights(self._folder)
        self._floors = [
            (URGENT_FLOOR if category in ESCALATES else FLOOR) if floor is None else floor
            for category in _ORDERED
        ]
        self._fold = folded
        self._cleared = cleared or (lambda _text: ())
        self._about_officials = about_officials or (lambda _comment: False)
        self._tells_of_words = tells_of_words or (lambda _text: False)
        self._passes_on = passes_on or (lambda _text: False)
        self._words = WordTable(self._weights)
        self._posts: dict[str, Vectors] = {}
        self._lock = Lock()

    def files(self) -> Mapping[str, bytes]:
        """The files of its folder that it was loaded from: they make the same model again.
        Raises ClassifierFailed when they were replaced since."""
        files = weights_files(self._folder)
        found = version_of(files)
        if found != self.version:
            raise ClassifierFailed(
                f"embedded model: {self._folder} holds {found} now, but {self.version} judges:"
                " start modbot again"
            )
        return files

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        """One signal a category whose probability reaches the floor, with what moved it."""
        signals: list[list[Signal]] = [[] for _ in comments]
        texts: dict[int, Reading] = {}
        senses = self._senses([comment.post_text for comment in comments])
        for batch in self._batches([comment.text for comment in comments]):
            owners = [window.owner for window in batch]
            posts = senses[owners]
            read = self._read(batch, [comments[owner].text for owner in owners], posts)
            reaches = (read.probabilities[:, _CATEGORIES] >= self._floors).any(axis=1)
            scores = read.probabilities.tolist()
            flagged = []
            for row in np.flatnonzero(reaches).tolist():
                window = batch[row]
                if window.first and not _says_enough(window.words):
                    continue
                comment = comments[window.owner]
                text = texts.get(window.owner)
                if text is None:
                    folded = self._fold(comment.text)
                    text = Reading(comment, folded, window.said, self._cleared, self._passes_on)
                    texts[window.owner] = text
                flagged.append(_Flagged(row, window, text, scores[row]))
            for owner, found in self._signals(read, posts, flagged):
                signals[owner].append(found)
        return [_worst(found) if len(found) > 1 else found for found in signals]

    def scores(self, texts: Sequence[str], posts: Sequence[str] | None = None) -> list[Scores]:
        """The calibrated probability of every label of SCORED for every text under its post."""
        worst = np.zeros((len(texts), len(SCORED)), dtype=np.float32)
        senses = self._senses(posts or [""] * len(texts))
        for batch in self._batches(texts):
            owners = [window.owner for window in batch]
            read = self._read(batch, [texts[owner] for owner in owners], senses[owners])
            np.maximum.at(worst, owners, read.probabilities)
        # Six digits: what is left after them depends on how the texts were batched.
        return [dict(zip(SCORED, row, strict=True)) for row in worst.round(6).tolist()]

    def _batches(self, texts: Sequence[str]) -> Iterator[list[_Window]]:
        """All windows of the texts, in batches of about as many words as the layers take."""
        batch: list[_Window] = []
        size = 0
        # Step by step for all, as in the rules: that is quicker than text by text.
        said = [split_words(self._fold(text).text) for text in texts]
        self._words.learn(said)
        kept = [kept_places(every) for every in said]
        for owner, (every, places) in enumerate(zip(said, kept, strict=True)):
            words = at_places(every, places)
            for start in range(0, len(words), MAX_WORDS):
                here = slice(start, start + MAX_WORDS)
                window = _Window(owner, start == 0, words[here], places[here], every)
                if size and size + len(window.words) > _BATCH_WORDS:
                    yield batch
                    batch, size = [], 0
                batch.append(window)
                size += len(window.words)
        if batch:
            yield batch

    def _read(self, windows: Sequence[_Window], texts: Sequence[str], posts: Vectors) -> _Read:
        """`posts` holds the sense of each window's post."""
        weights = self._weights
        encoded = encode([window.words for window in windows], self._words, weights)
        answers = label_answers(encoded.features, weights)
        labels = label_logits(encoded.features, answers, weights)
        policy = policy_logits(encoded, answers, posts, signs(texts), weights)
        logits = np.concatenate([labels, policy.logits], axis=1)
        languages = _languages(encoded)
        calibration = weights.calibration[languages]
        logits = logits * calibration[:, :, 0] + calibration[:, :, 1]
        probabilities: Vectors = 0.5 * np.tanh(0.5 * logits) + 0.5
        if len(weights.insults):
            slope, intercept, seconded = weights.insults[languages].T
            agreed = agrees(probabilities[:, _TOXICITY], probabilities[:, _ATTACK])
            insults = slope * logits[:, _INSULT] + intercept + seconded * agreed
            probabilities[:, _INSULT] = 0.5 * np.tanh(0.5 * insults) + 0.5
        return _Read(encoded, policy.inside, probabilities)

    def _senses(self, posts: Sequence[str]) -> Vectors:
        """What each post is about; zero for an empty one. Many comments share a post."""
        with self._lock:
            new = [post for post in dict.fromkeys(posts) if post not in self._posts]
            if len(new) + len(self._posts) > _POSTS_KEPT:
                self._posts.clear()
                new = list(dict.fromkeys(posts))
            self._posts.update(zip(new, self._new_senses(new), strict=True))
            senses = self._no_senses(len(posts))
            for row, post in enumerate(posts):
                senses[row] = self._posts[post]
            return senses

    def _no_senses(self, count: int) -> Vectors:
        return np.zeros((count, self._weights.sense.shape[1]), dtype=np.float32)

    def _new_senses(self, posts: Sequence[str]) -> Vectors:
        senses = self._no_senses(len(posts))
        for batch in self._batches(posts):
            firsts = [window for window in batch if window.first]
            if firsts:
                encoded = encode([first.words for first in firsts], self._words, self._weights)
                senses[[first.owner for first in firsts]] = encoded.sense
        return senses

    def _signals(
        self, read: _Read, posts: Vectors, flagged: Sequence[_Flagged]
    ) -> Iterator[tuple[int, Signal]]:
        """Whose each signal is, and the signal. What moved the scores is worked out for all
        flagged scores of a batch together, which takes a fifth of the time."""
        asked = [(each, number) for each in flagged for number in each.over(self._floors)]
        rows = [each.row for each, _ in asked]
        numbers = [number for _, number in asked]
        parts = word_parts(
            read.encoded, rows, numbers, posts[rows], read.inside[rows], self._weights
        )
        for (each, number), of_words in zip(asked, parts, strict=True):
            category, text, spans = _ORDERED[number], each.text, each.spans
            if text.is_innocent(category, of_words, spans):
                continue
            shares = shares_of(of_words, each.window.words, spans, text.folded, text.comment.text)
            yield (
                each.window.owner,
                Signal(
                    source=self.name,
                    category=category,
                    score=round(each.scores[_CATEGORIES.start + number], 4),
                    aspect=Aspect.SHORT
                    if each.short
                    else self._aspect(category, each.scores[_CRITICISM], text.comment),
                    evidence=_evidence(category.value, shares),
                ),
            )

    def _aspect(self, category: Category, criticism: float, comment: Comment) -> Aspect:
        """What the comment seems to be about, where that changes what may be done."""
        if category is Category.PERSONAL_ISSUE:
            return Aspect.OFFICIAL if criticism >= SPEAKS_OF_OFFICIALS else Aspect.PRIVATE
        if category not in _OF_OPINION:
            return Aspect.NONE
        if category is Category.THREAT and NEARS_OFFICIALS <= criticism < SPEAKS_OF_OFFICIALS:
            return Aspect.AT_OFFICIAL
        if category is not Category.OFFENSIVE:
            return Aspect.OFFICIAL if criticism >= SPEAKS_OF_OFFICIALS else Aspect.NONE
        if criticism < HINTS_AT_OFFICIALS and not self._about_officials(comment):
            return Aspect.NONE
        if self._tells_of_words(comment.text):
            return Aspect.QUOTED
        return Aspect.OFFICIAL if criticism >= MOCKS_OFFICIALS else Aspect.AT_OFFICIAL


def agrees(toxicity: NDArray[Any], attack: NDArray[Any]) -> NDArray[np.bool_]:
    """Whether the first head seconds an insult, by its `toxicity` and `identity_attack`."""
    return (toxicity >= SECONDS_INSULTS) & (attack < SPEAKS_OF_GROUPS)


def _says_enough(words: Sequence[str]) -> bool:
    if len(words) >= FEWEST_TO_HIDE:
        return True
    return len(words) == FEWEST_WORDS and all(word[0].isalnum() for word in words)


def _languages(encoded: Encoded) -> NDArray[np.int64]:
    """The row of `calibration` for each window: 1 where more words are Spanish than English."""
    spoken = np.add.reduceat(encoded.words.language[1:-1].astype(np.int64), encoded.starts)
    return (spoken > 0).astype(np.int64)


def _evidence(rule: str, shares: tuple[Share, ...]) -> Evidence:
    if not shares:
        return Evidence(rule=rule)
    top = shares[0]
    return Evidence(rule=rule, text=top.text, start=top.start, end=top.end, shares=shares)


def _worst(signals: Sequence[Signal]) -> list[Signal]:
    """The highest score of each category, where a comment was read in several windows."""
    best: dict[Category, Signal] = {}
    for signal in signals:
        kept = best.get(signal.category)
        if kept is None or signal.score > kept.score:
            best[signal.category] = signal
    return [best[category] for category in Category if category in best]
