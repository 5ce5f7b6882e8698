"""What the score of an insult means, fitted to labelled comments by language."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from classifiers.embedded import EmbeddedClassifier, shipped_weights
from classifiers.embedded.weights import LANGUAGES, SCORED
from classifiers.training.recalibrate import DONE, INSULT, main, recalibrated
from classifiers.training.written import WrittenComment

AS_BEFORE = np.tile(np.array([1.0, 0.0], dtype=np.float32), (len(LANGUAGES), len(SCORED), 1))
# Of 40 comments with a score a language, so many are insults: low scores mean more in English.
INSULTS = {"en": {0.3: 20, 0.7: 30}, "es": {0.3: 4, 0.7: 20}}


def comment(lang: str, *, insult: bool) -> WrittenComment:
    return WrittenComment(
        text="...",
        post="A post",
        lang=lang,
        action="hide" if insult else "allow",
        breaches=frozenset({"offensive"} if insult else ()),
        tags=frozenset(),
    )


def scored() -> tuple[list[float], list[WrittenComment]]:
    scores: list[float] = []
    comments: list[WrittenComment] = []
    for lang, insults in INSULTS.items():
        for score, count in insults.items():
            scores += [score] * 40
            comments += [comment(lang, insult=number < count) for number in range(40)]
    return scores, comments


def read(calibration: Sequence[Sequence[float]] | np.ndarray, lang: str, score: float) -> float:
    slope, intercept = calibration[LANGUAGES.index(lang)][INSULT]
    return float(1 / (1 + np.exp(-(slope * np.log(score / (1 - score)) + intercept))))


def test_a_score_that_means_more_in_one_language_is_raised_there() -> None:
    scores, comments = scored()
    new = recalibrated(AS_BEFORE, np.array(scores), comments)
    assert read(new, "en", 0.3) > 2 * read(new, "es", 0.3)
    assert read(new, "en", 0.7) > read(new, "es", 0.7)
    assert read(new, "es", 0.7) > read(new, "es", 0.3)


def test_no_other_score_means_something_else() -> None:
    scores, comments = scored()
    new = recalibrated(AS_BEFORE, np.array(scores), comments)
    others = [number for number in range(len(SCORED)) if number != INSULT]
    assert np.array_equal(new[:, others], AS_BEFORE[:, others])


def test_what_was_calibrated_before_is_calibrated_on() -> None:
    """The new calibration is of the model's own answer, not of the score that it had become."""
    scores, comments = scored()
    shifted = AS_BEFORE.copy()
    shifted[:, INSULT] = (2.0, -1.0)
    once = recalibrated(shifted, np.array(scores), comments)
    plain = recalibrated(AS_BEFORE, np.array(scores), comments)
    logit = 0.4
    for language in range(len(LANGUAGES)):
        slope, intercept = once[language, INSULT]
        again, more = plain[language, INSULT]
        assert slope * logit + intercept == pytest.approx(again * (2 * logit - 1) + more, rel=1e-5)


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


def trained(folder: Path) -> Path:
    """The shipped weights as if a training had just made them."""
    copied = folder / "trained"
    shutil.copytree(Path(str(shipped_weights())), copied)
    manifest = json.loads((copied / "manifest.json").read_text("utf-8"))
    del manifest["trained"][DONE]
    (copied / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return copied


def test_the_command_leaves_all_but_the_calibration_of_insults(tmp_path: Path) -> None:
    old, new = trained(tmp_path), tmp_path / "new"
    rows = str(written_rows(tmp_path))
    main(["--rows", rows, "--weights", str(old), "--out", str(new)])
    with np.load(old / "word-cnn.npz") as before, np.load(new / "word-cnn.npz") as after:
        changed = [name for name in before.files if not np.array_equal(before[name], after[name])]
    assert changed == ["calibration"]
    assert json.loads((new / "manifest.json").read_text("utf-8"))["trained"][DONE] == 60
    was, now = (
        EmbeddedClassifier(folder).scores(["what a pathetic man you are"])[0]
        for folder in (old, new)
    )
    assert was["policy.offensive"] != now["policy.offensive"]
    assert was["policy.threat"] == now["policy.threat"]


def test_weights_are_calibrated_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second fit would be one to its own answer, and give other bytes."""
    with pytest.raises(SystemExit) as ended:
        main(["--rows", str(written_rows(tmp_path)), "--out", str(tmp_path / "new")])
    assert ended.value.code == 2 and not (tmp_path / "new").exists()
    assert "calibrated on 7150 comments already" in capsys.readouterr().err
