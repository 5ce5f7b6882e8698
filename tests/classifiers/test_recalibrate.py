"""What the score of an insult means, fitted to labelled comments by language and by what the first
head finds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from classifiers.embedded import EmbeddedClassifier, shipped_weights
from classifiers.embedded.classifier import agrees
from classifiers.embedded.weights import LANGUAGES, load_weights
from classifiers.training.recalibrate import DONE, fitted, main
from classifiers.training.weights_file import write_weights
from classifiers.training.written import WrittenComment

# Of 40 comments with a score in a language, so many are insults where the first head finds nothing
# toxic, and where it does: low scores mean more in English, and any score where both heads agree.
INSULTS = {"en": {0.3: (8, 24), 0.7: (24, 36)}, "es": {0.3: (2, 12), 0.7: (12, 30)}}
SHIPPED = Path(str(shipped_weights()))


def comment(lang: str, *, insult: bool) -> WrittenComment:
    return WrittenComment(
        text="...",
        post="A post",
        lang=lang,
        action="hide" if insult else "allow",
        breaches=frozenset({"offensive"} if insult else ()),
        tags=frozenset(),
    )


@pytest.fixture(scope="module")
def fit() -> np.ndarray:  # type: ignore[type-arg]
    scores: list[float] = []
    agreed: list[bool] = []
    comments: list[WrittenComment] = []
    for lang, of_score in INSULTS.items():
        for score, counts in of_score.items():
            for both, count in zip((False, True), counts, strict=True):
                scores += [score] * 40
                agreed += [both] * 40
                comments += [comment(lang, insult=number < count) for number in range(40)]
    return fitted(np.array(scores), np.array(agreed), comments)


def read(fit: np.ndarray, lang: str, score: float, *, agreed: bool) -> float:  # type: ignore[type-arg]
    slope, intercept, seconded = fit[LANGUAGES.index(lang)]
    logit = slope * np.log(score / (1 - score)) + intercept + seconded * agreed
    return float(1 / (1 + np.exp(-logit)))


@pytest.mark.parametrize("agreed", [False, True])
def test_a_score_that_means_more_in_one_language_is_raised_there(
    fit: np.ndarray,  # type: ignore[type-arg]
    agreed: bool,
) -> None:
    for score in (0.3, 0.7):
        english, spanish = (read(fit, lang, score, agreed=agreed) for lang in ("en", "es"))
        assert english > 1.2 * spanish
    assert read(fit, "es", 0.7, agreed=agreed) > read(fit, "es", 0.3, agreed=agreed)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_score_means_more_where_the_first_head_agrees(
    fit: np.ndarray,  # type: ignore[type-arg]
    lang: str,
) -> None:
    for score in (0.3, 0.7):
        assert read(fit, lang, score, agreed=True) > 1.2 * read(fit, lang, score, agreed=False)


def test_the_mean_score_is_the_share_of_insults_were_nine_of_ten_harmless(
    fit: np.ndarray,  # type: ignore[type-arg]
) -> None:
    """Each harmless one counts so much that they are nine of ten: so where both heads agree."""
    insults = sum(sum(counts) for of in INSULTS.values() for counts in of.values())
    weight = 9 * insults / (40 * 8 - insults)
    for lang, of_score in INSULTS.items():
        cells = [(score, counts[1]) for score, counts in of_score.items()]
        weights = [count + weight * (40 - count) for _, count in cells]
        share = sum(count for _, count in cells) / sum(weights)
        means = [read(fit, lang, score, agreed=True) for score, _ in cells]
        mean = sum(m * w for m, w in zip(means, weights, strict=True)) / sum(weights)
        assert mean == pytest.approx(share, abs=0.01)


def written_rows(folder: Path) -> Path:
    lines = [
        {"comment": f"{text} {number}", "post": "A post", "lang": lang, "labels": labels}
        | {"action": "hide" if labels else "allow", "tags": []}
        for lang, texts in {
            "en": ("you are a pathetic loser", "see you on friday"),
            "es": ("eres un fracasado patético", "nos vemos el viernes"),
        }.items()
        for text, labels in zip(texts, (["offensive"], []), strict=True)
        for number in range(15)
    ]
    file = folder / "rows.jsonl"
    file.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return file


def test_the_command_leaves_all_but_what_an_insults_score_means(tmp_path: Path) -> None:
    new = tmp_path / "new"
    main(["--rows", str(written_rows(tmp_path)), "--out", str(new)])
    with np.load(SHIPPED / "word-cnn.npz") as before, np.load(new / "word-cnn.npz") as after:
        changed = [name for name in before.files if not np.array_equal(before[name], after[name])]
    assert changed == ["insults"]
    assert json.loads((new / "manifest.json").read_text("utf-8"))["trained"][DONE] == 60
    was, now = (
        EmbeddedClassifier(folder).scores(["what a pathetic man you are"])[0]
        for folder in (SHIPPED, new)
    )
    assert was["policy.offensive"] != now["policy.offensive"]
    assert was["policy.threat"] == now["policy.threat"]


def test_a_second_fit_to_the_same_comments_gives_the_same_bytes(tmp_path: Path) -> None:
    rows, once, twice = str(written_rows(tmp_path)), tmp_path / "once", tmp_path / "twice"
    main(["--rows", rows, "--out", str(once)])
    main(["--rows", rows, "--out", str(twice), "--weights", str(once)])
    assert (once / "word-cnn.npz").read_bytes() == (twice / "word-cnn.npz").read_bytes()


def test_the_shipped_score_is_raised_where_the_first_head_agrees() -> None:
    weights, _ = load_weights(SHIPPED)
    assert (weights.insults[:, 2] > 0.3).all()


def test_a_text_of_a_group_is_no_insult_for_being_found_toxic() -> None:
    """The first head was taught texts in which groups stand mostly under attack."""
    toxicity, attack = np.array([0.8, 0.8, 0.2]), np.array([0.1, 0.6, 0.1])
    assert agrees(toxicity, attack).tolist() == [True, False, False]


def test_weights_without_a_fit_are_read_as_they_were_trained(tmp_path: Path) -> None:
    with np.load(SHIPPED / "word-cnn.npz") as packed:
        arrays = {name: packed[name] for name in packed.files if name != "insults"}
    write_weights(tmp_path, arrays, {})
    text = "what a pathetic man you are"
    plain, read_as = (EmbeddedClassifier(f).scores([text])[0] for f in (tmp_path, SHIPPED))
    weights, _ = load_weights(SHIPPED)
    slope, intercept, seconded = weights.insults[0]
    trained = plain["policy.offensive"]
    logit = slope * np.log(trained / (1 - trained)) + intercept
    logit += seconded * (plain["toxicity"] >= 0.3 and plain["identity_attack"] < 0.3)
    assert read_as["policy.offensive"] == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-4)
