"""The embedded model: what it answers, and what it does with hostile text."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_info, threadpool_limits

from classifiers.embedded import SCORED, EmbeddedClassifier, load_weights, shipped_weights
from classifiers.embedded.classifier import (
    FLOOR,
    SECONDS_INSULTS,
    SPEAKS_OF_GROUPS,
    URGENT_FLOOR,
)
from classifiers.embedded.pieces import (
    MAX_WORDS,
    NGRAM_PIECES,
    VECTOR_PIECES,
    ngram_words,
    split_words,
    unrepeated,
)
from classifiers.embedded.policy_head import LABEL_SCALE, MATCH_SCALE
from classifiers.embedded.signs import signs
from classifiers.embedded.weights import Weights
from classifiers.embedded.words import WordTable
from classifiers.normalise import fold
from modbot.domain import Category, Comment, Signal
from tests.benchmarks.bench_judging import ROOT

POST = "School starts at 8:10 tomorrow"


@pytest.fixture(scope="module")
def model() -> EmbeddedClassifier:
    return EmbeddedClassifier()


def comment(text: str, post: str = POST) -> Comment:
    return Comment(
        page_id="x:1",
        platform="x",
        id="1",
        post_id="1",
        text=text,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        post_text=post,
    )


def found(model: EmbeddedClassifier, text: str, post: str = POST) -> dict[Category, Signal]:
    (signals,) = model.classify([comment(text, post)])
    return {signal.category: signal for signal in signals}


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
    assert bad["toxicity"] > 3 * good["toxicity"]


@pytest.mark.parametrize(
    ("text", "category"),
    [
        pytest.param("selling pastelitos $2 each, dm me", Category.SALES, id="sales"),
        pytest.param(
            "vendo bizcochos por encargo, escríbeme al inbox", Category.SALES, id="ventas"
        ),
        pytest.param("im gonna shoot up this school", Category.THREAT, id="threat"),
        pytest.param("ya no quiero vivir, nadie me va a extrañar", Category.CRISIS, id="crisis"),
        pytest.param("fuck this stupid new schedule", Category.PROFANITY, id="profanity"),
        pytest.param(
            "my son has been waiting for his bus two weeks and nobody calls me back",
            Category.PERSONAL_ISSUE,
            id="personal-issue",
        ),
    ],
)
def test_a_plain_breach_is_seen_as_what_it_is(
    model: EmbeddedClassifier, text: str, category: Category
) -> None:
    scores = {c: signal.score for c, signal in found(model, text).items()}
    assert max(scores, key=scores.__getitem__) is category
    assert scores[category] > 0.07


def test_thanks_give_no_signal(model: EmbeddedClassifier) -> None:
    said = ("Thank you!", "Gracias maestra", "gracias maestra por todo, hasta mañana 🙂")
    assert model.classify([comment(text) for text in said]) == [[], [], []]


def test_a_signal_names_the_words_that_moved_the_score(model: EmbeddedClassifier) -> None:
    text = "Buenos días a todos. Vendo bizcochos por encargo, precio especial"
    signal = found(model, text)[Category.SALES]
    evidence = signal.evidence
    assert signal.source == "embedded"
    assert text[evidence.start : evidence.end] == evidence.text
    assert evidence.start >= text.index("Vendo")  # of the offer, not of the greeting
    assert evidence.shares[0].text == evidence.text
    assert [s.share for s in evidence.shares] == sorted(s.share for s in evidence.shares)[::-1]
    assert sum(share.share for share in evidence.shares) <= 1.001


def test_words_are_named_as_the_person_disguised_them(model: EmbeddedClassifier) -> None:
    signal = found(model, "this principal is a f.u.c.k.i.n.g moron")[Category.PROFANITY]
    assert "f.u.c.k.i.n.g" in signal.evidence.text


def test_the_post_is_part_of_what_is_judged(model: EmbeddedClassifier) -> None:
    text = ["is this person for real"]
    under_one = model.scores(text, ["The budget was approved 5-2 last night"])
    under_other = model.scores(text, ["Meet our new kindergarten teacher"])
    assert under_one != under_other
    assert model.scores(text) == model.scores(text, [""])


@pytest.mark.parametrize("words", ["go lancers ", "nice day ", "great job team ", "ha ", "! "])
def test_saying_it_over_and_over_makes_it_no_breach(model: EmbeddedClassifier, words: str) -> None:
    for times in (10, 40, 200):
        assert all(signal.score < 0.3 for signal in found(model, words * times).values())


def test_words_in_an_idiom_clear_only_what_mostly_rests_on_them() -> None:
    def cleared(text: str) -> list[tuple[int, int, frozenset[Category]]]:
        start = text.find("over my dead body")
        return [(start, start + 17, frozenset({Category.THREAT}))] if start >= 0 else []

    careful = EmbeddedClassifier(cleared=cleared)
    idiom = "you will get that vote over my dead body"
    assert Category.THREAT in found(EmbeddedClassifier(), idiom)
    assert Category.THREAT not in found(careful, idiom)
    threat = "i will shoot you and your kids tonight, over my dead body or not"
    assert Category.THREAT in found(careful, threat)


def test_the_floor_decides_which_scores_are_worth_a_signal() -> None:
    everything = EmbeddedClassifier(floor=0.0).classify([comment("hello there my friends")])
    nothing = EmbeddedClassifier(floor=1.01).classify([comment("fuck you")])
    assert [signal.category for signal in everything[0]] == list(Category)
    assert nothing == [[]]


def test_of_threats_and_cries_for_help_lower_scores_are_told(model: EmbeddedClassifier) -> None:
    rows = (ROOT / "tests/corpus/dev.jsonl").read_text("utf-8").splitlines()
    texts = [json.loads(row)["comment"] for row in rows]
    found = chain.from_iterable(model.classify([comment(text) for text in texts]))
    lowest: dict[bool, float] = {True: 1.0, False: 1.0}
    for signal in found:
        urgent = signal.category in (Category.THREAT, Category.CRISIS)
        lowest[urgent] = min(lowest[urgent], signal.score)
    assert URGENT_FLOOR <= lowest[True] < FLOOR <= lowest[False]


@pytest.mark.parametrize("text", ["", " \n\t", "\u200b\u200d"])
def test_text_without_words_scores_nothing(model: EmbeddedClassifier, text: str) -> None:
    assert model.scores([text, "fuck", text])[::2] == [dict.fromkeys(SCORED, 0.0)] * 2


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


def by_the_book(weights: Weights, text: str, words: list[str], post: list[str]) -> list[float]:
    """The probabilities of one comment, computed word by word as docs/model.md describes it."""
    features, sense = encoded_by_the_book(weights, words)
    about = encoded_by_the_book(weights, post)[1]
    answers = features @ weights.output + weights.output_bias
    labels = labels_by_the_book(weights, features)
    rows: list[int] = []
    seen = ngram_words(words)
    _, _, hashes = NGRAM_PIECES.of_words(seen)
    for place, word in enumerate(seen):
        rows += NGRAM_PIECES.of_words([word])[0].tolist()
        for apart in (1, 2):
            if place + apart < len(words):
                pair = hashes[place : place + 1], hashes[place + apart : place + apart + 1]
                rows += NGRAM_PIECES.of_pairs(*pair, apart=apart).tolist()
    ngrams = weights.ngrams[rows].astype(np.float64).sum(axis=0) * weights.ngrams_scale
    about_both = MATCH_SCALE * sense * about
    seen_by_layer = [features, sense, about, about_both, LABEL_SCALE * answers, signs([text])[0]]
    inside = np.concatenate(seen_by_layer) @ weights.policy_hidden + weights.policy_hidden_bias
    policy = (
        ngrams / len(rows) ** 0.5
        + np.maximum(inside, 0) @ weights.policy_output
        + weights.policy_bias
    )
    known = {word: row for row, word in enumerate(weights.vocabulary, 1)}
    spanish = sum(int(weights.language[known.get(word, 0)]) for word in words) > 0
    slope, intercept = weights.calibration[int(spanish)].T
    logits = np.concatenate([labels, policy]) * slope + intercept
    toxic, attack = (
        1 / (1 + np.exp(-logits[SCORED.index(name)])) for name in ("toxicity", "identity_attack")
    )
    agreed = toxic >= SECONDS_INSULTS and attack < SPEAKS_OF_GROUPS
    insult = SCORED.index("policy.offensive")
    slope, intercept, seconded = weights.insults[int(spanish)]
    logits[insult] = slope * logits[insult] + intercept + (seconded if agreed else 0)
    return [float(1 / (1 + np.exp(-logit))) for logit in logits]


def labels_by_the_book(weights: Weights, features: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    inputs = features * weights.label_hidden_scale
    inside = inputs @ weights.label_hidden.astype(np.float64) + weights.label_hidden_bias
    return np.maximum(inside, 0) @ weights.label_output + weights.label_bias


def encoded_by_the_book(weights: Weights, words: list[str]) -> tuple[np.ndarray, np.ndarray]:  # type: ignore[type-arg]
    known = {word: row for row, word in enumerate(weights.vocabulary, 1)}
    vectors = []
    for word in words:
        rows = VECTOR_PIECES.of_words([word])[0]
        total = weights.pieces[rows].astype(np.float64).sum(axis=0) * weights.pieces_scale
        own = weights.known[known.get(word, 0)].astype(np.float64) * weights.known_scale
        vectors.append(total / len(rows) ** 0.5 + own)
    nothing = np.zeros(weights.known.shape[1])
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
    features = np.concatenate([joined, hidden])
    sense = features @ weights.sense + weights.sense_bias
    return features, sense / np.sqrt(sense @ sense + 1e-6)


def test_batched_layers_agree_with_a_word_by_word_computation(model: EmbeddedClassifier) -> None:
    texts = [text for text in TEXTS if text and len(text) < 3000]
    weights, _ = load_weights(shipped_weights())
    post = unrepeated(split_words(fold(POST).text))
    scored = model.scores(texts, [POST] * len(texts))
    for text, scores in zip(texts, scored, strict=True):
        expected = by_the_book(weights, text, unrepeated(split_words(fold(text).text)), post)
        assert list(scores.values()) == pytest.approx(expected, abs=1e-4)


def test_a_long_comment_beside_an_empty_one_keeps_its_own_scores(model: EmbeddedClassifier) -> None:
    long = "fuck you idiot " * (MAX_WORDS // 2)  # two windows, for two comments
    empty, alone = model.scores([""])[0], model.scores([long])[0]
    assert model.scores(["", long]) == [empty, pytest.approx(alone)]
    assert alone["toxicity"] > 0.5 > empty["toxicity"]


def test_abuse_behind_a_long_harmless_beginning_is_still_read(model: EmbeddedClassifier) -> None:
    padding = "thank you for the lovely day " * MAX_WORDS
    (score,) = model.scores([padding + "you are a fucking idiot"])
    assert score["toxicity"] > 0.4


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
        assert tuple(scores) == SCORED
        assert all(0 <= score <= 1 for score in scores.values())


FRESH = EmbeddedClassifier()


def test_the_word_cache_is_bounded_and_forgetting_changes_no_score() -> None:
    weights, _ = load_weights(shipped_weights())
    small, large = WordTable(weights, capacity=5), WordTable(weights)
    windows = [[f"w{n}", f"v{n}"] for n in range(20)]
    for window in windows:
        one, other = small.sequence([window]), large.sequence([window])
        assert np.array_equal(one.vectors, other.vectors)
        assert np.array_equal(one.ngrams, other.ngrams)
        assert len(small._places) <= 5


def test_a_new_process_knows_the_common_words_and_reads_them_no_other_way() -> None:
    weights, _ = load_weights(shipped_weights())
    said = ["the", "school", "niños", "gracias", "xyzzyx"]
    rows = np.array([weights.rows[word] for word in said[:-1]], dtype=np.int32)
    prepared = WordTable(replace(weights, common=rows))
    plain = WordTable(replace(weights, common=rows[:0]))
    assert (set(prepared._places), set(plain._places)) == ({*said[:-1]}, set())
    one, other = prepared.sequence([said]), plain.sequence([said])
    for field in fields(one):
        assert np.allclose(getattr(one, field.name), getattr(other, field.name), atol=1e-5)


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Threads that take turns as often as they can."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


@pytest.mark.usefixtures("hasty_threads")
def test_its_small_products_are_not_shared_out_over_the_cores() -> None:
    with threadpool_limits(limits=2, user_api="blas"):
        EmbeddedClassifier()
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        assert pools and {pool["num_threads"] for pool in pools} == {1}


def test_threads_share_one_cache_of_words() -> None:
    weights, _ = load_weights(shipped_weights())
    shared = WordTable(weights, capacity=300)
    windows = [[f"w{n % 97}", f"v{n}"] for n in range(400)]
    alone = WordTable(weights)
    expected = [alone.sequence([window]) for window in windows]
    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(lambda window: shared.sequence([window]), windows))
    for one, other in zip(expected, found, strict=True):
        assert np.array_equal(one.vectors, other.vectors)
