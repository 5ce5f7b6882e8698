"""The training: its parts, and that a run can be repeated. Teacher and tutor are fake ones."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pytest

from classifiers.embedded import SCORED, EmbeddedClassifier
from classifiers.embedded.encoder import encode
from classifiers.embedded.weights import load_weights
from classifiers.embedded.words import WordTable
from classifiers.labels import CRITICISM, LABELS, POLICY_LABELS
from classifiers.training.calibration import HARMLESS_SHARE, calibrated, realistic_weights
from classifiers.training.teacher import Projection
from classifiers.training.vocabulary import build
from classifiers.training.weights_file import packed_layers, quantised, write_weights
from classifiers.training.written import DOUBTFUL, WrittenComment, written_comments
from tests.prerequisites import need

if TYPE_CHECKING:
    from classifiers.training.material import Material

GOOD = ("thank you teacher", "what a lovely concert", "gracias a todos", "go team", "que orgullo")
BAD = ("you idiot", "what an idiot", "eres un idiota", "idiot coach", "otro idiota")


def test_int8_keeps_all_but_the_largest_values_within_half_a_step() -> None:
    table = np.random.default_rng(1).normal(size=(1000, 32)).astype(np.float32)
    small, scale = quantised(table)
    off = np.abs(small * np.float32(scale) - table)
    assert small.dtype == np.int8
    assert np.mean(off > scale / 2 * 1.01) <= 1.1e-4


class FakeTeacher:
    """Sees every text as the sum of what it sees in its words."""

    def __call__(self, texts: Sequence[str], name: str) -> np.ndarray:  # type: ignore[type-arg]
        return np.array([self._view(text) for text in texts], dtype=np.float32)

    def _view(self, text: str) -> np.ndarray:  # type: ignore[type-arg]
        total = np.zeros(192)
        for word in text.lower().split():
            seed = int(hashlib.sha256(word.encode()).hexdigest()[:8], 16)
            total += np.random.default_rng(seed).normal(size=192)
        return total / max(float(np.linalg.norm(total)), 1.0)


def fake_tutor(comments: Sequence[WrittenComment]) -> Callable[..., Any]:
    """Knows the one word that is wrong, and sees nothing else."""
    from classifiers.training.lessons import Opinion
    from classifiers.training.network import INSIGHT

    def opinion(texts: Sequence[str], name: str) -> Opinion:
        found = np.full((len(texts), len(POLICY_LABELS)), 0.02, dtype=np.float32)
        bad = ["idiot" in text for text in texts]
        found[bad, POLICY_LABELS.index("offensive")] = 0.98
        insights = np.zeros((len(texts), INSIGHT), dtype=np.float16)
        insights[bad, 0] = 1
        return Opinion(answers=found, insights=insights)

    return opinion


class FakeLists:
    """A few words of each language."""

    words: ClassVar = {
        "en": ["thank", "you", "teacher"],
        "es": ["gracias", "qué", "orgullo"],
        "pt": ["obrigado"],
    }

    def commonest(self, language: str) -> Sequence[str]:
        return self.words[language]

    def frequency(self, word: str, language: str) -> float:
        return 6.0 if word in self.words[language] else 1.0


def test_the_vocabulary_keeps_the_form_that_people_write_and_its_language() -> None:
    made = build(
        ["otra vez otra vez"] * 4, ["Qué bueno"], FakeLists(), lambda text: fold_text(text)
    )
    forms, language = (
        dict(zip(made.words, made.forms, strict=True)),
        dict(zip(made.words, made.language, strict=True)),
    )
    assert list(made.words) == sorted(made.words)
    assert forms["que"] == "qué"
    assert {"otra", "vez", "bueno"} <= set(made.words)
    assert (language["thank"], language["gracias"], language["bueno"]) == (-1, 1, 0)


def fold_text(text: str) -> str:
    from classifiers.normalise import fold

    return fold(text).text


def test_a_projection_keeps_what_differs_and_scales_it_to_one() -> None:
    random = np.random.default_rng(1)
    views = random.normal(size=(500, 20)).astype(np.float32) * ([5.0] * 4 + [0.01] * 16)
    projected = Projection(views, 4)(views)
    assert projected.shape == (500, 4)
    assert projected.std() == pytest.approx(1, abs=1e-3)


def test_a_doubtful_comment_counts_half_where_the_policy_hides(tmp_path: Path) -> None:
    write_comments(
        tmp_path,
        comment("sure", labels=["sales", "personal_issue"], action="hide"),
        comment("maybe", labels=["sales", "personal_issue"], action="review"),
        comment("shame on the board", tags=[CRITICISM]),
    )
    sure, maybe, criticism = (c.policy_targets for c in written_comments(tmp_path))
    sales, own = POLICY_LABELS.index("sales"), POLICY_LABELS.index("personal_issue")
    assert (sure[sales], maybe[sales]) == (1.0, DOUBTFUL)
    assert (sure[own], maybe[own]) == (1.0, 1.0)
    assert criticism[-1] == 1.0
    assert not any(criticism[:-1])


def test_a_quotation_teaches_nothing_of_who_quotes(tmp_path: Path) -> None:
    write_comments(tmp_path, comment("he called her an idiot", tags=["quoted"]), comment("hello"))
    quoted, plain = written_comments(tmp_path)
    assert quoted.label_weight == 0
    assert plain.label_weight > 0


def test_a_comment_that_stands_twice_is_taken_once(tmp_path: Path) -> None:
    write_comments(tmp_path, comment("Hello"), comment("hello"), comment("bye"))
    assert [c.text for c in written_comments(tmp_path)] == ["Hello", "bye"]


def test_calibration_brings_the_mean_probability_to_the_share_of_breaches() -> None:
    random = np.random.default_rng(3)
    truth = random.random(4000) < 0.4
    logits = (np.where(truth, 2.0, -2.0) + random.normal(size=4000) * 2)[:, None] * 3 + 1
    spanish = random.random(4000) < 0.5
    weights = realistic_weights(~truth)[:, None]
    fitted = calibrated(logits, truth[:, None].astype(float), spanish, weights)
    slope, intercept = fitted[spanish.astype(int), 0].T
    probability = 1 / (1 + np.exp(-(logits[:, 0] * slope + intercept)))
    assert np.average(probability, weights=weights[:, 0]) == pytest.approx(
        1 - HARMLESS_SHARE, abs=0.01
    )


def test_a_language_with_few_breaches_shares_the_calibration_of_all() -> None:
    logits = np.linspace(-3, 3, 100)[:, None]
    targets = (logits > 0).astype(float)
    spanish = np.arange(100) < 5
    fitted = calibrated(logits, targets, spanish, np.ones((100, 1)))
    everybody = calibrated(logits, targets, np.zeros(100, dtype=bool), np.ones((100, 1)))
    assert fitted[1, 0].tolist() == everybody[0, 0].tolist()


def packed_rows(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
    return path


def comment(text: str, **changes: Any) -> dict[str, Any]:
    usual = {"comment": text, "post": "School news", "lang": "en", "labels": [], "action": "allow"}
    return {**usual, "tags": [], **changes}


def write_comments(folder: Path, *rows: dict[str, Any], name: str = "comments") -> None:
    lines = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / f"{name}.jsonl").write_text(lines, "utf-8")


@pytest.fixture
def small_data(tmp_path: Path) -> Path:
    """Public rows and written comments in which one word is all that is wrong."""
    rows = [
        {"text": f"{text} {n}", "lang": "en", "labels": {"toxicity": float(bad)}, "set": "s"}
        for n in range(12)
        for bad, texts in ((False, GOOD), (True, BAD))
        for text in texts
    ]
    packed_rows(tmp_path / "train.jsonl.gz", *rows)
    written = [
        comment(f"{text} {n}", post=f"Post {n}", **({} if text in GOOD else offensive))
        for n in range(12)
        for text in (*GOOD, *BAD)
        for offensive in [{"labels": ["offensive"], "action": "hide", "tags": ["insult"]}]
    ]
    (tmp_path / "comments").mkdir()
    write_comments(tmp_path / "comments", *written)
    write_comments(tmp_path / "comments", comment("proud of us all"), name="identity")
    return tmp_path


def material_of(folder: Path) -> Material:
    """What a training on small_data learns from."""
    from classifiers.training.material import read_material

    return read_material(
        folder, folder / "comments", FakeTeacher(), FakeLists(), seed=1, report=lambda line: None
    )


@pytest.mark.models
def test_the_n_grams_make_three_tenths_of_what_differs_from_comment_to_comment() -> None:
    need("torch")
    from classifiers.training.head import Head, HeadInput
    from classifiers.training.layer import Layer

    random, labels = np.random.default_rng(1), len(POLICY_LABELS)
    seen = HeadInput(
        ngrams=np.arange(300) % 7,
        counts=np.full(100, 3),
        dense=random.normal(size=(100, 5)).astype(np.float32),
    )
    drawn = [random.normal(size=shape).astype(np.float32) for shape in ((7, labels), (5, 8))]
    layer = Layer(
        inner=drawn[1],
        inner_bias=np.zeros(8, np.float32),
        outer=random.normal(size=(8, labels), scale=0.2).astype(np.float32),
        outer_bias=np.zeros(labels, np.float32),
    )
    head = Head(ngrams=drawn[0], ngrams_bias=np.zeros(labels, np.float32), layer=layer)
    by_ngrams, by_layer = head.weighed(seen).share * np.stack(
        [each.std(axis=0) for each in head.apart(seen)]
    )
    assert by_ngrams / (by_ngrams + by_layer) == pytest.approx(np.full(labels, 0.3), abs=1e-3)


@pytest.mark.models
def test_a_run_learns_and_gives_the_same_bytes_again(small_data: Path) -> None:
    need("torch")
    from classifiers.training.run import Choices, train

    choices = Choices(data=small_data, comments=small_data / "comments", epochs=8)
    for out in ("one", "two"):
        trained = train(choices, FakeTeacher(), fake_tutor, FakeLists(), report=lambda line: None)
        write_weights(small_data / out, trained.arrays, trained.facts)
    one, two = ((small_data / out / "word-cnn.npz").read_bytes() for out in ("one", "two"))
    assert one == two
    assert trained.held_out["policy.offensive"]["auc"] == 1.0
    model = EmbeddedClassifier(small_data / "one")
    bad, good = model.scores(["my idiot neighbor", "thank you everybody"], ["Post 1", "Post 1"])
    assert bad["policy.offensive"] > 3 * good["policy.offensive"]
    assert bad["toxicity"] > good["toxicity"]


@pytest.mark.models
def test_torch_and_numpy_give_the_same_probabilities(small_data: Path) -> None:
    need("torch")
    from classifiers.training.lessons import opinions_of
    from classifiers.training.run import Choices, logits_of, one_run

    choices = Choices(data=small_data, comments=small_data / "comments", epochs=1)
    material = material_of(small_data)
    everything = np.arange(len(material.comments))
    opinions = opinions_of(fake_tutor(material.comments), material)
    layers, head = one_run(material, everything, opinions, choices, report=lambda line: None)
    expected = 1 / (1 + np.exp(-logits_of(material, everything, layers, head)))
    from classifiers.training.run import weights_arrays

    plain = np.zeros((2, len(SCORED), 2), dtype=np.float32)
    plain[:, :, 0] = 1
    words = material.vocabulary
    made = weights_arrays(layers.arrays(), head, plain)
    arrays = packed_layers(made, words.words, words.language, material.written_words)
    write_weights(small_data / "out", arrays, {})
    scores = EmbeddedClassifier(small_data / "out").scores(
        [c.text for c in material.comments], [c.post for c in material.comments]
    )
    found = np.array([list(each.values()) for each in scores])
    # int8 tables move a score a little; anything else would be another computation.
    assert np.abs(found - expected).max() < 0.02
    assert len(LABELS) + len(POLICY_LABELS) == found.shape[1]


@pytest.mark.models
def test_what_the_tutor_thinks_is_taught_of_all_texts_it_was_asked_of(
    small_data: Path,
) -> None:
    need("torch")
    from classifiers.training.lessons import lessons, opinions_of

    material = material_of(small_data)
    opinions = opinions_of(fake_tutor(material.comments), material)
    everything = np.arange(len(material.comments))
    taught = {lesson.name: lesson for lesson in lessons(material, everything, opinions)}
    offensive = POLICY_LABELS.index("offensive")
    public, phrases = taught["public"], taught["phrases"]
    assert public.policy is not None and public.policy_weights is not None
    assert phrases.policy is not None and phrases.policy_weights is not None
    asked = np.flatnonzero(public.policy_weights)
    assert 0 < len(asked) < len(material.public_texts)
    for place in asked:
        bad = "idiot" in material.public_texts[place]
        assert (public.policy[place, offensive] > 0.5) == bad
    assert (phrases.policy_weights > 0).all()
    bad_phrases = ["idiot" in phrase for phrase in material.phrase_texts]
    assert ((phrases.policy[:, offensive] > 0.5) == bad_phrases).all()
    assert any(bad_phrases)
    altered, written = taught["altered"], taught["written"]
    assert altered.policy is not None and altered.insights is not None
    bad_altered = np.array(["idiot" in text for text in material.altered_texts])
    assert bad_altered.any() and not bad_altered.all()
    assert ((altered.policy[:, offensive] > 0.5) == bad_altered).all()
    assert (altered.insights[:, 0].astype(bool) == bad_altered).all()
    assert written.insight_weights is not None and (written.insight_weights > 0).all()


@pytest.mark.models
def test_comments_that_are_kept_out_give_no_altered_ones_and_show_nothing_the_tutor_thinks(
    small_data: Path,
) -> None:
    need("torch")
    from classifiers.training.lessons import lessons, opinions_of

    material = material_of(small_data)
    out = np.array([comment.kept_out for comment in material.comments])
    assert out.any() and not out.all()
    opinions = opinions_of(fake_tutor(material.comments), material)
    written = lessons(material, np.flatnonzero(~out), opinions)[-1]
    assert written.insight_weights is not None and written.policy_weights is not None
    assert not written.insight_weights[out].any() and not written.policy_weights[out].any()
    kept = {
        word for comment in material.comments if comment.kept_out for word in comment.text.split()
    }
    shown = {
        word
        for comment in material.comments
        if not comment.kept_out
        for word in comment.text.split()
    }
    words = {word for text in material.altered_texts for word in text.split()}
    assert not words & (kept - shown)


def later_comments() -> list[dict[str, Any]]:
    """Comments in which a word is wrong that small_data does not know."""
    rude = {"labels": ["offensive"], "action": "hide", "tags": ["insult"]}
    return [
        comment(f"{text} {n}", post=f"Later post {n}", **({} if text in GOOD else rude))
        for n in range(24)
        for text in (*GOOD, "you zopenco", "what a zopenco", "otro zopenco", "zopenco coach")
    ]


def insult_by_layers(folder: Path) -> float:
    """How much more of an insult "zopenco" is to the layers than "lovely", in log-odds."""
    weights, _ = load_weights(folder)
    windows = [["my", word, "neighbor"] for word in ("zopenco", "lovely")]
    logits = encode(windows, WordTable(weights), weights).features @ weights.output
    rude, kind = logits[:, LABELS.index("insult")]
    return float(rude - kind)


@pytest.mark.models
def test_trained_weights_learn_a_new_word_and_forget_nothing(small_data: Path) -> None:
    need("torch")
    from classifiers.training.further import Asked, further
    from classifiers.training.run import Choices, train

    comments = small_data / "comments"
    begun = train(
        Choices(data=small_data, comments=comments, epochs=8),
        FakeTeacher(),
        fake_tutor,
        FakeLists(),
        report=lambda line: None,
    )
    write_weights(small_data / "begun", begun.arrays, begun.facts)
    write_comments(comments, *later_comments(), name="later")
    start, _ = load_weights(small_data / "begun")
    asked = Asked(data=small_data, new=("later",), comments=comments)
    for out in ("one", "two"):
        trained = further(asked, start, lambda line: None)
        write_weights(small_data / out, trained.arrays, trained.facts)
    one, two = ((small_data / out / "word-cnn.npz").read_bytes() for out in ("one", "two"))
    assert one == two
    said = ["my zopenco neighbor", "my idiot neighbor", "thank you everybody"]
    before, after = (
        EmbeddedClassifier(folder).scores(said)
        for folder in (small_data / "begun", small_data / "one")
    )
    assert before[0]["policy.offensive"] < 0.5 < after[0]["policy.offensive"]
    assert after[1]["policy.offensive"] > 0.5 > after[2]["policy.offensive"]
    assert insult_by_layers(small_data / "one") > insult_by_layers(small_data / "begun") + 0.05
    assert {row["comment"].split()[-2] for row in trained.predictions} >= {"zopenco", "team"}
    assert all("idiot" not in row["comment"] for row in trained.predictions)
