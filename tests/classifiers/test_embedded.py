"""The embedded model: what it answers, and what it does with broken weights and hostile text."""

from __future__ import annotations

import hashlib
import json
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.embedded import (
    MAX_WORDS,
    EmbeddedClassifier,
    Weights,
    WordVectors,
    load_weights,
    shipped_weights,
)
from classifiers.labels import CATEGORIES, LABELS
from classifiers.normalise import fold
from classifiers.subwords import BUCKETS, MAX_WORD_LETTERS, split_words, table_rows
from modbot.domain import Category, Comment
from modbot.errors import ClassifierFailed


@pytest.fixture(scope="module")
def model() -> EmbeddedClassifier:
    return EmbeddedClassifier()


def comment(text: str) -> Comment:
    return Comment(
        page_id="x:1",
        platform="x",
        id="1",
        post_id="1",
        text=text,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        pytest.param("you are a fucking idiot", "you are a wonderful teacher", id="english"),
        pytest.param("eres una puta mierda", "eres una gran maestra", id="spanish"),
        pytest.param("sh1tty f u c k i n g school", "lovely little school", id="disguised"),
    ],
)
def test_an_insult_is_more_toxic_than_praise(
    model: EmbeddedClassifier, worse: str, better: str
) -> None:
    bad, good = model.scores([worse, better])
    assert bad["toxicity"] > 0.8 > 0.4 > good["toxicity"]


def test_signals_name_their_label_and_the_category_it_counts_for(
    model: EmbeddedClassifier,
) -> None:
    signals, none = model.classify([comment("fuck you, you stupid bitch"), comment("Thank you!")])
    by_label = {signal.evidence.rule: signal for signal in signals}
    assert by_label["obscene"].category is Category.PROFANITY
    assert by_label["insult"].category is Category.OFFENSIVE
    assert {signal.source for signal in signals} == {"embedded"}
    assert all(0.5 <= signal.score <= 1 for signal in signals)
    assert none == []


def test_toxicity_counts_for_the_likeliest_label_that_says_what_is_wrong(
    model: EmbeddedClassifier,
) -> None:
    swearing, hostile = model.classify(
        [comment("what the fuck is this shit"), comment("you are a stupid pathetic loser")]
    )
    assert [s.category for s in swearing if s.evidence.rule == "toxicity"] == [Category.PROFANITY]
    assert [s.category for s in hostile if s.evidence.rule == "toxicity"] == [Category.OFFENSIVE]


def test_every_label_that_says_what_is_wrong_has_a_category() -> None:
    assert set(CATEGORIES) == set(LABELS) - {"toxicity"}
    assert CATEGORIES["threat"] is Category.THREAT


def test_the_floor_decides_which_scores_are_worth_a_signal() -> None:
    everything = EmbeddedClassifier(floor=0.0).classify([comment("hello")])
    nothing = EmbeddedClassifier(floor=1.01).classify([comment("fuck you")])
    assert len(everything[0]) == len(LABELS)
    assert nothing == [[]]


def test_the_version_names_the_model_and_the_weights(model: EmbeddedClassifier) -> None:
    name, digest = model.version.split("+")
    manifest = json.loads((shipped_weights() / "manifest.json").read_text("utf-8"))
    assert name == manifest["model"]
    assert manifest["sha256"].startswith(digest)
    assert len(digest) == 12


def test_the_shipped_weights_are_at_most_4_mb() -> None:
    assert len((shipped_weights() / "word-cnn.npz").read_bytes()) <= 4_000_000


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u200d"])
def test_text_without_words_scores_nothing(model: EmbeddedClassifier, text: str) -> None:
    assert model.scores([text, "fuck", text])[::2] == [dict.fromkeys(LABELS, 0.0)] * 2


def test_no_comments_give_no_answers(model: EmbeddedClassifier) -> None:
    assert model.classify([]) == []


TEXTS = ["you idiot", "", "gracias maestra " * 60, "?!?!", "🖕", "x" * 5000, "ok", "word " * 700]


def test_a_score_does_not_depend_on_company_or_order(model: EmbeddedClassifier) -> None:
    alone = [model.scores([text])[0] for text in TEXTS]
    backwards = model.scores(TEXTS[::-1])[::-1]
    again = EmbeddedClassifier().scores(TEXTS)
    for one, other, fresh in zip(alone, backwards, again, strict=True):
        assert one == pytest.approx(other, abs=2e-6)
        assert one == pytest.approx(fresh, abs=2e-6)


def by_the_book(weights: Weights, words: list[str]) -> list[float]:
    """The probabilities of one comment, computed word by word as docs/model.md describes it."""
    vectors = []
    for word in words:
        rows, _ = table_rows([word])
        total = weights.table[rows].astype(np.float64).sum(axis=0)
        vectors.append(total * weights.scale / len(rows) ** 0.5)
    nothing = np.zeros(weights.table.shape[1])
    around = [nothing, *vectors, nothing]
    single = [vector @ weights.word + weights.word_bias for vector in vectors]
    triple = [
        np.concatenate(around[place : place + 3]) @ weights.context + weights.context_bias
        for place in range(len(words))
    ]
    joined = np.concatenate(
        [
            np.maximum(np.max(single, axis=0), 0),
            np.maximum(np.max(triple, axis=0), 0),
            np.mean(vectors, axis=0) * len(words) ** 0.5,
        ]
    )
    hidden = np.maximum(joined @ weights.hidden + weights.hidden_bias, 0)
    logits = np.concatenate([joined, hidden]) @ weights.output + weights.output_bias
    return [float(1 / (1 + np.exp(-logit))) for logit in logits]


def test_batched_layers_agree_with_a_word_by_word_computation(model: EmbeddedClassifier) -> None:
    texts = [text for text in TEXTS if text and len(text) < 3000]
    weights, _ = load_weights(shipped_weights())
    for text, scores in zip(texts, model.scores(texts), strict=True):
        expected = by_the_book(weights, split_words(fold(text).text))
        assert list(scores.values()) == pytest.approx(expected, abs=1e-4)


def test_a_long_comment_beside_an_empty_one_keeps_its_own_scores(model: EmbeddedClassifier) -> None:
    long = "fuck you idiot " * (MAX_WORDS // 2)  # two windows, for two comments
    empty, alone = model.scores([""])[0], model.scores([long])[0]
    assert model.scores(["", long]) == [empty, pytest.approx(alone)]
    assert alone["toxicity"] > 0.5 > empty["toxicity"]


def test_abuse_behind_a_long_harmless_beginning_is_still_read(model: EmbeddedClassifier) -> None:
    padding = "thank you for the lovely day " * MAX_WORDS
    (score,) = model.scores([padding + "you are a fucking idiot"])
    assert score["toxicity"] > 0.8


HOSTILE = [
    pytest.param("\ud800", id="lone-surrogate"),
    pytest.param("a\x00b", id="nul"),
    pytest.param("\u202efdp\u202c", id="right-to-left"),
    pytest.param("a" * 100_000, id="one-long-word"),
    pytest.param("'a" * 50_000, id="apostrophes"),
    pytest.param("!" * 100_000, id="one-long-run"),
    pytest.param("\U0001f595" * 25_000, id="emoji"),
    pytest.param("\ufdfa" * 5_000, id="ligature"),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_gets_an_ordinary_answer(model: EmbeddedClassifier, text: str) -> None:
    (scores,) = model.scores([text])
    assert all(0 <= score <= 1 for score in scores.values())


@settings(deadline=None, max_examples=60)
@given(st.lists(st.text(st.characters(exclude_categories=[])), max_size=6))
def test_any_text_gets_a_probability_for_every_label(texts: list[str]) -> None:
    scored = FRESH.scores(texts)
    assert len(scored) == len(texts)
    for scores in scored:
        assert tuple(scores) == LABELS
        assert all(0 <= score <= 1 for score in scores.values())


FRESH = EmbeddedClassifier()


def test_the_word_cache_is_bounded_and_forgetting_changes_no_score() -> None:
    weights, _ = load_weights(shipped_weights())
    small, large = WordVectors(weights, capacity=5), WordVectors(weights)
    windows = [[f"w{n}", f"v{n}"] for n in range(20)]
    for window in windows:
        assert np.array_equal(small.sequence([window]), large.sequence([window]))
        assert len(small._places) <= 5


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_threads_share_one_cache_of_words() -> None:
    weights, _ = load_weights(shipped_weights())
    shared = WordVectors(weights, capacity=300)
    windows = [[f"w{n % 97}", f"v{n}"] for n in range(400)]
    expected = [WordVectors(weights).sequence([window]) for window in windows]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda window: shared.sequence([window]), windows))
    for one, other in zip(expected, found, strict=True):
        assert np.array_equal(one, other)


def test_words_keep_their_order_and_apostrophes() -> None:
    assert split_words("don't you?! 🖕ok") == ["don't", "you", "?!", "🖕", "ok"]


@given(st.text(st.characters(exclude_categories=[]), max_size=300))
def test_no_word_is_empty_or_too_long(text: str) -> None:
    assert all(0 < len(word) <= MAX_WORD_LETTERS for word in split_words(text))


def test_a_word_has_the_same_rows_in_any_company() -> None:
    rows, counts = table_rows(["puta", "a", "school"])
    assert counts.tolist() == [4 + 3 + 2 + 1, 1 + 1, 6 + 5 + 4 + 1]
    assert rows[10:12].tolist() == table_rows(["a"])[0].tolist()
    assert 0 <= rows.min() <= rows.max() < BUCKETS


def without(name: str) -> Callable[[Path], None]:
    return lambda folder: (folder / name).unlink()


def with_manifest(**changes: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
        (folder / "manifest.json").write_text(json.dumps({**manifest, **changes}), "utf-8")

    return change


def with_weights(change: Callable[[bytes], bytes], *, signed: bool) -> Callable[[Path], None]:
    def swap(folder: Path) -> None:
        path = folder / "word-cnn.npz"
        path.write_bytes(change(path.read_bytes()))
        if signed:
            with_manifest(sha256=hashlib.sha256(path.read_bytes()).hexdigest())(folder)

    return swap


def with_layers(**layers: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "word-cnn.npz"
        with np.load(path) as arrays:
            kept = {name: arrays[name] for name in arrays.files}
        changed = {name: value for name, value in {**kept, **layers}.items() if value is not None}
        np.savez(path, **changed)
        with_weights(lambda packed: packed, signed=True)(folder)

    return change


BREAKAGES = [
    pytest.param(without("manifest.json"), "manifest.json", id="no-manifest"),
    pytest.param(without("word-cnn.npz"), "word-cnn.npz", id="no-weights"),
    pytest.param(with_manifest(sha256="0" * 64), "SHA-256", id="other-digest"),
    pytest.param(with_manifest(labels=["toxicity"]), "labels", id="other-labels"),
    pytest.param(with_manifest(labels=3), "manifest.json", id="labels-of-wrong-type"),
    pytest.param(with_weights(lambda b: b[:-1], signed=False), "SHA-256", id="cut"),
    pytest.param(with_weights(lambda b: b[:-99], signed=True), "word-cnn.npz", id="cut-signed"),
    pytest.param(with_weights(lambda b: b"", signed=True), "word-cnn.npz", id="empty"),
    pytest.param(with_layers(hidden=np.zeros((3, 3))), "hidden is float64", id="shape"),
    pytest.param(with_layers(hidden=None), "hidden", id="missing-layer"),
    pytest.param(with_layers(extra=np.zeros(1)), "extra", id="unknown-layer"),
]


@pytest.mark.parametrize(("breakage", "message"), BREAKAGES)
def test_unusable_weights_are_refused_with_the_reason(
    tmp_path: Path, breakage: Callable[[Path], None], message: str
) -> None:
    for name in ("manifest.json", "word-cnn.npz"):
        shutil.copy(str(shipped_weights() / name), tmp_path / name)
    breakage(tmp_path)
    with pytest.raises(ClassifierFailed, match=message):
        EmbeddedClassifier(tmp_path)


def test_a_manifest_that_is_not_json_is_refused(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text("{", "utf-8")
    with pytest.raises(ClassifierFailed, match=r"manifest\.json is not usable"):
        EmbeddedClassifier(tmp_path)
