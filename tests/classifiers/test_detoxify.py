"""The exported Detoxify models at work, on a network that knows a few words."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifiers import Choice, build
from classifiers.detoxify import (
    BATCH_TOKENS,
    MANIFEST,
    NETWORK,
    TOKENIZER,
    VARIANTS,
    DetoxifyClassifier,
    Window,
    batches,
)
from classifiers.labels import LABELS
from modbot.domain import Category
from modbot.errors import BadConfig, ClassifierFailed
from tests.classifiers.detoxify_files import UNBIASED, write_manifest, write_word_model
from tests.fakes import make_comment
from tests.prerequisites import need

RULES = Path(__file__).parents[2] / "config" / "rules"
WORDS = {
    "moron": {"toxicity": 0.9, "insult": 0.8, "obscene": 0.1},
    "heck": {"toxicity": 0.7, "obscene": 0.75, "insult": 0.2},
    "hurt": {"toxicity": 0.6, "threat": 0.95, "severe_toxicity": 0.99},
    "idiota": {"toxicity": 0.65, "insult": 0.85},
}


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    need("onnx", "onnxruntime", "tokenizers")
    return write_word_model(tmp_path_factory.mktemp("model") / "onnx", WORDS)


@pytest.fixture(scope="module")
def model(exported: Path) -> DetoxifyClassifier:
    return DetoxifyClassifier(exported, threads=1)


def test_signals_name_their_label_and_the_category_it_counts_for(
    model: DetoxifyClassifier,
) -> None:
    insult, swearing, threat, fine = model.classify(
        [make_comment(text) for text in ("you moron", "what the heck", "i will hurt you", "fine")]
    )
    assert [(s.evidence.rule, s.category, s.score) for s in insult] == [
        ("toxicity", Category.OFFENSIVE, 0.9),
        ("insult", Category.OFFENSIVE, 0.8),
    ]
    assert [s.category for s in swearing] == [Category.PROFANITY] * 2
    assert ("threat", Category.THREAT) in [(s.evidence.rule, s.category) for s in threat]
    assert {s.source for s in insult} == {"detoxify"}
    assert fine == []


def test_the_vendors_classes_become_our_labels_and_severe_toxicity_is_left_out(
    model: DetoxifyClassifier, tmp_path: Path
) -> None:
    (scores,) = model.scores(["hurt"])
    assert scores == pytest.approx(
        {"toxicity": 0.6, "obscene": 0, "threat": 0.95, "insult": 0, "identity_attack": 0}
    )
    words = {"nude": {"sexual_explicit": 0.9, "toxicity": 0.6}}
    wider = DetoxifyClassifier(write_word_model(tmp_path / "onnx", words, classes=UNBIASED))
    assert set(wider.scores(["x"])[0]) == set(LABELS)
    (signals,) = wider.classify([make_comment("nude")])
    assert {(s.evidence.rule, s.category) for s in signals} == {
        ("toxicity", Category.OFFENSIVE),
        ("sexual", Category.OFFENSIVE),
    }


@pytest.mark.parametrize("before", [0, 13, 14, 15, 100, 1000])
def test_abuse_is_found_wherever_in_a_long_comment_it_stands(
    model: DetoxifyClassifier, before: int
) -> None:
    text = "fine " * before + "moron " + "fine " * 20
    assert model.scores([text])[0]["insult"] == pytest.approx(0.8)


def test_answers_are_in_the_order_of_the_comments_whatever_their_lengths(
    model: DetoxifyClassifier,
) -> None:
    texts = ["fine " * 60 + "idiota", "moron", "fine", "heck " + "fine " * 9, "", "fine moron"]
    assert [row["insult"] for row in model.scores(texts)] == pytest.approx(
        [0.85, 0.8, 0, 0.2, 0, 0.8]
    )


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(texts=st.lists(st.sampled_from(["fine", *WORDS, "fine " * 30, "é", ""]), max_size=12))
def test_a_text_scores_alone_as_it_does_in_company(
    model: DetoxifyClassifier, texts: list[str]
) -> None:
    assert model.scores(texts) == [model.scores([text])[0] for text in texts]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("\ud83d moron", id="half a surrogate pair"),
        pytest.param("\x00\u202e moron", id="NUL and bidi"),
        pytest.param("moron" * 3_000, id="one word of 15 kB"),
        pytest.param("🙂" * 2_000, id="emoji"),
    ],
)
def test_hostile_text_is_judged_like_any_other(model: DetoxifyClassifier, text: str) -> None:
    (scores,) = model.scores([text])
    assert all(0 <= score <= 1 for score in scores.values())


def test_no_comments_give_no_answers(model: DetoxifyClassifier) -> None:
    assert model.classify([]) == []


LENGTHS = st.lists(st.integers(2, 600), max_size=60)


@given(lengths=LENGTHS, budget=st.integers(1, 1_000))
def test_batches_hold_every_window_once_and_keep_to_their_budget(
    lengths: list[int], budget: int
) -> None:
    windows = [Window(owner=n, tokens=[1] * length) for n, length in enumerate(lengths)]
    made = list(batches(windows, budget))
    assert sorted(w.owner for batch in made for w in batch) == list(range(len(windows)))
    for batch in made:
        longest = max(len(window.tokens) for window in batch)
        assert len(batch) == 1 or len(batch) * longest <= budget


def test_one_long_text_does_not_pad_the_short_ones() -> None:
    windows = [Window(owner=n, tokens=[1] * (500 if n == 3 else 20)) for n in range(60)]
    padded = sum(
        len(batch) * max(len(w.tokens) for w in batch) for batch in batches(windows, BATCH_TOKENS)
    )
    assert padded <= 1.1 * sum(len(window.tokens) for window in windows)


def test_the_version_names_model_precision_and_a_hash_of_all_files(
    exported: Path, tmp_path: Path
) -> None:
    name, digest = DetoxifyClassifier(exported).version.split("+")
    assert (name, len(digest)) == ("detoxify-original-float32", 12)
    other = write_word_model(tmp_path / "onnx", {**WORDS, "heck": {"toxicity": 0.1}})
    assert DetoxifyClassifier(other).version != f"{name}+{digest}"


def not_onnx(folder: Path) -> None:
    (folder / NETWORK).write_bytes(b"not a network")
    write_manifest(folder)


def not_a_tokenizer(folder: Path) -> None:
    (folder / TOKENIZER).write_text("{}", "utf-8")
    write_manifest(folder)


@pytest.mark.parametrize(
    ("breakage", "message"),
    [
        pytest.param(
            lambda f: (f / NETWORK).write_bytes(b"x"), r"model\.onnx .*SHA-256", id="changed"
        ),
        pytest.param(lambda f: (f / NETWORK).unlink(), r"model\.onnx .*NotFound", id="missing"),
        pytest.param(
            lambda f: (f / TOKENIZER).write_text("{}"), r"tokenizer\.json .*SHA", id="tokenizer"
        ),
        pytest.param(
            lambda f: (f / MANIFEST).write_text("{"), r"manifest\.json is not", id="no json"
        ),
        pytest.param(
            lambda f: (f / MANIFEST).write_text('{"a": 1}'), r"manifest\.json", id="no manifest"
        ),
        pytest.param(not_onnx, "not usable", id="not onnx"),
        pytest.param(not_a_tokenizer, "not usable", id="not a tokenizer"),
    ],
)
def test_unusable_files_are_refused_with_the_file_and_the_cure(
    tmp_path: Path, breakage: Callable[[Path], object], message: str
) -> None:
    need("onnx", "onnxruntime", "tokenizers")
    folder = write_word_model(tmp_path / "onnx", WORDS)
    breakage(folder)
    with pytest.raises(ClassifierFailed, match=message) as refused:
        DetoxifyClassifier(folder)
    assert "modbot model export" in str(refused.value)
    assert "\n" not in str(refused.value)


def built(models: Path, **choice: str) -> dict[str, str]:
    """Name and version of what a choice builds."""
    made = build(Choice(models=models, **choice), RULES)
    return {each.name: each.version for each in made}


def test_auto_adds_an_exported_model_to_the_embedded_one(tmp_path: Path) -> None:
    assert set(built(tmp_path)) == {"rules", "embedded"}
    need("onnx", "onnxruntime", "tokenizers")
    write_word_model(tmp_path / "original" / "onnx", WORDS)
    found = built(tmp_path)
    assert found["detoxify"].startswith("detoxify-original-float32+")
    assert set(found) == {"rules", "embedded", "detoxify"}
    assert set(built(tmp_path, name="embedded")) == {"rules", "embedded"}


def test_auto_prefers_the_model_that_reads_spanish(tmp_path: Path) -> None:
    need("onnx", "onnxruntime", "tokenizers")
    for name in VARIANTS:
        write_word_model(tmp_path / name / "onnx", WORDS, model=f"detoxify-{name}")
    assert built(tmp_path)["detoxify"].startswith("detoxify-multilingual")
    assert built(tmp_path, variant="unbiased")["detoxify"].startswith("detoxify-unbiased")


def test_a_model_that_was_asked_for_and_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"classifier\.name.*original.*modbot model fetch"):
        built(tmp_path, name="detoxify", variant="original")


def test_without_onnxruntime_it_says_what_to_install_rather_than_fall_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "original" / "onnx"
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(json.dumps({}), "utf-8")
    monkeypatch.setitem(sys.modules, "onnxruntime", None)  # as if it were not installed
    with pytest.raises(ClassifierFailed, match=r"onnxruntime.*pip install '\.\[onnx\]'"):
        built(tmp_path)
