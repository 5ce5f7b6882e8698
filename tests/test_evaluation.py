"""What `modbot evaluate` measures, and what it refuses."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modbot.domain import Category, Comment, Decision, Evidence, Signal, Verdict
from modbot.errors import BadConfig
from modbot.evaluation import PolicyRow, auc, average_precision, evaluate, read_rows
from modbot.intervals import wilson

POLICY: dict[str, Any] = {
    "id": "a",
    "platform": "x",
    "lang": "en",
    "post": "Bake sale",
    "approved_fundraisers": ["DC trip"],
    "comment": "nice",
    "labels": [],
    "action": "allow",
}
LABELS: dict[str, Any] = {"text": "nice", "lang": "en", "labels": {"toxicity": 0.0}, "set": "s"}


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")
    return path


def judge(comments: Sequence[Comment]) -> list[Decision]:
    """Escalates and hides "kill", hides "ass", allows all else."""
    found = []
    for comment in comments:
        category = {"kill": Category.THREAT, "ass": Category.PROFANITY}.get(comment.text)
        if category is None:
            found.append(Decision(verdict=Verdict.ALLOW, hide=False))
            continue
        evidence = Evidence(rule=f"r:{comment.text}", text=comment.text, start=0, end=3)
        signal = Signal(source="rules", category=category, score=1.0, evidence=evidence)
        verdict = Verdict.ESCALATE if category is Category.THREAT else Verdict.HIDE
        found.append(
            Decision(verdict=verdict, hide=True, categories=(category,), signals=(signal,))
        )
    return found


def scorer(texts: Sequence[str]) -> list[Mapping[str, float]]:
    """The number that the text is."""
    return [{"toxicity": float(text), "threat": 0.5} for text in texts]


def no_judge(comments: Sequence[Comment]) -> list[Decision]:
    raise AssertionError("label rows are not judged")


def no_scorer(texts: Sequence[str]) -> list[Mapping[str, float]]:
    raise AssertionError("policy rows are not scored")


def policy_report(path: Path, predictions: Path | None = None) -> dict[str, Any]:
    return evaluate(path, judge=judge, scorer=no_scorer, predictions=predictions)


def label_report(path: Path, predictions: Path | None = None) -> dict[str, Any]:
    return evaluate(path, judge=no_judge, scorer=scorer, predictions=predictions)


@pytest.fixture
def four_comments(tmp_path: Path) -> Path:
    return write(
        tmp_path / "rows.jsonl",
        {**POLICY, "id": "1", "comment": "ass", "labels": ["profanity"], "action": "hide"},
        {**POLICY, "id": "2", "comment": "ass", "lang": "es"},
        {**POLICY, "id": "3", "comment": "kill", "labels": ["threat"], "action": "escalate"},
        {**POLICY, "id": "4", "comment": "x", "labels": ["profanity"], "action": "hide"},
    )


def test_precision_and_recall_are_counted_by_action_category_and_language(
    four_comments: Path,
) -> None:
    report = policy_report(four_comments)
    half = {"expected": 2, "predicted": 2, "correct": 1, "precision": 0.5, "recall": 0.5, "f1": 0.5}
    half |= {"precision_interval": wilson(1, 2), "recall_interval": wilson(1, 2)}
    assert (report["kind"], report["rows"], report["accuracy"]) == ("policy", 4, 0.5)
    assert report["by_action"]["hide"] == half
    assert report["by_action"]["allow"]["precision"] == 0.0
    assert report["by_category"]["profanity"] == half
    assert report["by_category"]["threat"]["f1"] == 1.0
    assert report["by_language"]["en"]["by_action"]["hide"]["precision"] == 1.0
    assert report["by_language"]["es"]["by_action"]["hide"]["precision"] == 0.0
    assert report["confusion"]["hide"] == {"allow": 1, "review": 0, "hide": 1, "escalate": 0}


def test_what_is_known_of_a_row_beside_its_labels_is_kept(tmp_path: Path) -> None:
    known = {"evasion": True, "speech": "official_criticism", "tags": ["official", "obscene"]}
    full, bare = read_rows(
        write(tmp_path / "rows.jsonl", {**POLICY, **known}, {**POLICY, "id": "b"})
    )
    assert isinstance(full, PolicyRow) and isinstance(bare, PolicyRow)
    assert (full.evasion, full.speech) == (True, "official_criticism")
    assert full.tags == {"official", "obscene"}
    assert (bare.evasion, bare.speech, bare.tags) == (False, "", frozenset())


def test_what_never_occurs_has_no_precision_or_recall(four_comments: Path) -> None:
    never = policy_report(four_comments)["by_action"]["review"]
    assert (never["precision"], never["recall"], never["f1"]) == (None, None, None)
    assert (never["precision_interval"], never["recall_interval"]) == (None, None)


def test_each_policy_row_gets_a_prediction_with_its_signals(
    four_comments: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out.jsonl"
    policy_report(four_comments, out)
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert [(row["id"], row["action"], row["hide"]) for row in rows] == [
        ("1", "hide", True),
        ("2", "hide", True),
        ("3", "escalate", True),
        ("4", "allow", False),
    ]
    assert rows[2]["categories"] == ["threat"]
    assert rows[2]["signals"] == [
        {
            "source": "rules",
            "category": "threat",
            "score": 1.0,
            "evidence": {
                "rule": "r:kill",
                "text": "kill",
                "start": 0,
                "end": 3,
                "shares": [],
            },
        }
    ]


def test_a_comment_is_judged_with_its_post_and_the_approved_fundraisers(tmp_path: Path) -> None:
    seen: list[Comment] = []

    def noting(comments: Sequence[Comment]) -> list[Decision]:
        seen.extend(comments)
        return judge(comments)

    evaluate(write(tmp_path / "rows.jsonl", POLICY), judge=noting, scorer=no_scorer)
    (comment,) = seen
    assert (comment.text, comment.post_text, comment.platform) == ("nice", "Bake sale", "x")
    assert comment.approved_fundraisers == ("DC trip",)


def test_labels_are_ranked_by_set_and_a_missing_label_is_unknown(tmp_path: Path) -> None:
    path = write(
        tmp_path / "rows.jsonl",
        {**LABELS, "text": "0.9", "labels": {"toxicity": 1, "threat": 1}},
        {**LABELS, "text": "0.8", "labels": {"toxicity": 0.4}},
        {**LABELS, "text": "0.7", "labels": {"toxicity": 0.5, "spam": 1}},
        {**LABELS, "text": "0.1", "labels": {"threat": 0}, "set": "t", "lang": "es"},
        {**LABELS, "text": "0.2", "labels": {"threat": 1}, "set": "t", "lang": "es"},
    )
    out = tmp_path / "out.jsonl"
    report = label_report(path, out)
    assert report["by_set"]["s"]["toxicity"] == {
        "rows": 3,
        "positives": 2,
        "auc": 0.5,
        "average_precision": pytest.approx(1 / 2 + 2 / 3 / 2),
    }
    assert report["by_set"]["s"]["threat"]["auc"] is None
    assert report["by_set"]["t"]["threat"]["auc"] == 0.5
    assert report["by_language"]["es"]["threat"]["rows"] == 2
    assert report["unscored_labels"] == ["spam"]
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert rows[3] == {"line": 3, "scores": {"toxicity": 0.1, "threat": 0.5}}


RANKINGS = [
    pytest.param([(3, True), (2, True), (1, False)], 1.0, 1.0, id="perfect"),
    pytest.param([(3, False), (2, True), (1, True)], 0.0, (1 / 2 + 2 / 3) / 2, id="worst"),
    pytest.param([(1, True), (1, False)], 0.5, 0.5, id="all-tied"),
    pytest.param([(2, True), (1, True), (1, False)], 0.75, 1 / 2 + 2 / 3 / 2, id="one-tie"),
    pytest.param(
        [(4, True), (3, False), (2, True), (1, False)], 0.75, (1 + 2 / 3) / 2, id="alternating"
    ),
    pytest.param([(1, True), (2, True)], None, None, id="no-negatives"),
    pytest.param([(1, False)], None, None, id="no-positives"),
    pytest.param([], None, None, id="nothing"),
]


@pytest.mark.parametrize(("cases", "area", "precision"), RANKINGS)
def test_ranking_agrees_with_a_count_by_hand(
    cases: list[tuple[float, bool]], area: float | None, precision: float | None
) -> None:
    assert auc(cases) == (None if area is None else pytest.approx(area))
    assert average_precision(cases) == (None if precision is None else pytest.approx(precision))


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30))
def test_auc_is_the_share_of_pairs_in_the_right_order(cases: list[tuple[int, bool]]) -> None:
    pairs = [(p, n) for p, hit in cases if hit for n, other in cases if not other]
    wins = sum(1.0 if p > n else 0.5 if p == n else 0.0 for p, n in pairs)
    found = auc([(float(score), hit) for score, hit in cases])
    assert found == (pytest.approx(wins / len(pairs)) if pairs else None)


BAD_ROWS = [
    pytest.param("{", "not JSON", id="cut"),
    pytest.param("", "not JSON", id="blank"),
    pytest.param("[" * 100_000, "not JSON", id="deep"),
    pytest.param("[1]", "not a JSON object", id="list"),
    pytest.param(json.dumps({"x": 1}), "labels is missing", id="neither kind"),
    pytest.param(json.dumps(LABELS), "mixed", id="other kind"),
    pytest.param(json.dumps({**POLICY, "id": "first"}), "was there before", id="same id"),
    pytest.param(json.dumps({**POLICY, "id": 1}), "id is not a string", id="numeric id"),
    pytest.param(json.dumps({**POLICY, "comment": None}), "comment is not", id="no comment"),
    pytest.param(json.dumps({**POLICY, "action": "Hide"}), "none of allow", id="action"),
    pytest.param(json.dumps({**POLICY, "labels": ["rude"]}), "none of profanity", id="category"),
    pytest.param(json.dumps({**POLICY, "evasion": "no"}), "not true or false", id="evasion"),
    pytest.param(json.dumps({**POLICY, "labels": "sales"}), "labels is not a list", id="string"),
    pytest.param(
        json.dumps({**POLICY, "approved_fundraisers": [1]}), "list of strings", id="fundraiser"
    ),
    pytest.param(
        json.dumps({k: v for k, v in POLICY.items() if k != "post"}), "post is missing", id="post"
    ),
]


@pytest.mark.parametrize(("line", "message"), BAD_ROWS)
def test_a_bad_policy_row_is_refused_with_its_line_and_nothing_is_written(
    tmp_path: Path, line: str, message: str
) -> None:
    path = write(tmp_path / "rows.jsonl", {**POLICY, "id": "first"})
    with path.open("a", encoding="utf-8") as rows:
        rows.write(line + "\n")
    with pytest.raises(BadConfig, match=message) as refused:
        policy_report(path, tmp_path / "out.jsonl")
    assert (refused.value.file, refused.value.line) == (str(path), 2)
    assert [each.name for each in tmp_path.iterdir()] == ["rows.jsonl"]


@pytest.mark.parametrize("value", ["1.01", "-0.1", "NaN", "Infinity", "true", '"1"', "null"])
def test_a_label_outside_0_to_1_is_refused(tmp_path: Path, value: str) -> None:
    path = tmp_path / "rows.jsonl"
    row = json.dumps(LABELS).replace("0.0", value)
    path.write_text(json.dumps(LABELS) + "\n" + row + "\n", "utf-8")
    with pytest.raises(BadConfig, match="not a number from 0 to 1") as refused:
        label_report(path, tmp_path / "out.jsonl")
    assert refused.value.line == 2


def test_a_row_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_bytes(b'{"text": "\xff"}\n')
    with pytest.raises(BadConfig, match=r"rows\.jsonl:1: not UTF-8"):
        read_rows(path)


def test_a_packed_file_reads_like_a_plain_one(four_comments: Path, tmp_path: Path) -> None:
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(four_comments.read_bytes()))
    assert policy_report(packed) == policy_report(four_comments)


BROKEN_FILES = [
    pytest.param(b"", "no rows", id="empty"),
    pytest.param(gzip.compress(b""), "no rows", id="packed-empty"),
    pytest.param(gzip.compress(json.dumps(POLICY).encode())[:-9], "cannot be read", id="cut"),
    pytest.param(b"\x1f\x8b\x08 no such stream", "cannot be read", id="not-gzip"),
]


@pytest.mark.parametrize(("content", "message"), BROKEN_FILES)
def test_a_file_without_rows_is_refused(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "rows.jsonl.gz"
    path.write_bytes(content)
    with pytest.raises(BadConfig, match=message):
        policy_report(path)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadConfig, match=r"nowhere\.jsonl: cannot be read"):
        read_rows(tmp_path / "nowhere.jsonl")


def test_predictions_never_overwrite_the_rows(four_comments: Path) -> None:
    before = four_comments.read_bytes()
    with pytest.raises(BadConfig, match="would overwrite"):
        policy_report(four_comments, four_comments)
    assert four_comments.read_bytes() == before


def test_an_unwritable_place_is_refused_before_the_judging(
    four_comments: Path, tmp_path: Path
) -> None:
    with pytest.raises(BadConfig, match="cannot be written"):
        evaluate(
            four_comments,
            judge=no_judge,
            scorer=no_scorer,
            predictions=tmp_path / "nowhere" / "out.jsonl",
        )
    with pytest.raises(BadConfig, match="not a regular file"):
        policy_report(four_comments, tmp_path)


def test_old_predictions_stay_when_the_judging_fails(four_comments: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("old", "utf-8")
    with pytest.raises(AssertionError):
        evaluate(four_comments, judge=no_judge, scorer=no_scorer, predictions=out)
    assert out.read_text("utf-8") == "old"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["out.jsonl", "rows.jsonl"]


def test_text_with_lone_surrogates_comes_back_escaped(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", {**POLICY, "id": "\ud800"})
    out = tmp_path / "out.jsonl"
    policy_report(path, out)
    assert json.loads(out.read_text("utf-8"))["id"] == "\ud800"
