"""What no rule may do, and that each kind of bad rule is refused."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from modbot.domain import Category, Comment, Decision, Evidence, Signal
from modbot.errors import BadConfig
from modbot.fairness import Examples, Finding, Kind, check_rules, load_examples
from modbot.fairness.texts import HERE, LANGUAGES, read_pairs
from modbot.policy import Policy, decide
from modbot.service import build_rule_book
from modbot.settings import Config, load_config, policy_lines

pytestmark = pytest.mark.campaigns  # each bad rule is tried on all pairs and words

SHIPPED = Path(__file__).parents[1] / "config"


@pytest.fixture(scope="module")
def examples() -> Examples:
    return load_examples()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped policy and one harmless rule file."""
    rules = tmp_path / "config" / "rules"
    rules.mkdir(parents=True)
    for name in ("modbot.toml", "policy.toml"):
        shutil.copy(SHIPPED / name, tmp_path / "config" / name)
    shutil.copy(SHIPPED / "rules" / "fragments.toml", rules / "fragments.toml")
    return tmp_path / "config"


def judging(config: Config, policy: Policy, scores: dict[str, float] | None = None):  # type: ignore[no-untyped-def]
    """The rules of a folder, and a stand-in for a model that knows some texts' scores."""
    from classifiers.rules import RulesClassifier

    rules = RulesClassifier.load(config.rules_dir)

    def judge(comments: Sequence[Comment]) -> list[Decision]:
        return [
            decide([*signals, *_scored(comment, scores or {})], policy)
            for comment, signals in zip(comments, rules.classify(comments), strict=True)
        ]

    return judge


def _scored(comment: Comment, scores: dict[str, float]) -> list[Signal]:
    score = scores.get(comment.text)
    said = Evidence(rule="insult")
    return (
        []
        if score is None
        else [Signal(source="model", category=Category.OFFENSIVE, score=score, evidence=said)]
    )


def refused(
    folder: Path, examples: Examples, scores: dict[str, float] | None = None
) -> list[Finding]:
    config = load_config(folder)
    report = check_rules(
        build_rule_book(config),
        judging(config, config.policy, scores),
        config.policy,
        examples,
        policy_lines(folder),
    )
    return report.findings


def pattern(folder: Path, match: str, category: str = "offensive", **extra: str) -> None:
    more = "".join(f"{key} = ['{value}']\n" for key, value in extra.items())
    (folder / "rules" / "bad.toml").write_text(
        f'category = "{category}"\n\n[[rules]]\nid = "bad"\nseverity = "strong"\n'
        f"match = ['{match}']\n{more}",
        "utf-8",
    )


def words(folder: Path, *entries: str, severity: str = "strong") -> None:
    lines = ["category: profanity", f"[{severity}]", *entries]
    (folder / "rules" / "bad.txt").write_text("\n".join(lines) + "\n", "utf-8")


ONE_SIDED = [
    pytest.param(r"\bterrible\b", id="blame of an office"),
    pytest.param(r"\bi oppose\b", id="one side of every question"),
    pytest.param(r"\bshame on you\b", id="a word of protest"),
    pytest.param(r"\bme opongo\b", id="one side in Spanish"),
    pytest.param(r"\brenuncie\b", id="a call to resign in Spanish"),
    pytest.param(r"\bsou contra\b", id="one side in Portuguese"),
    pytest.param(r"\bgay\b", id="one identity"),
    pytest.param(r"\bdominican parents\b", id="one origin"),
    pytest.param(r"\bmusulmana\b", id="one religion in Spanish"),
    pytest.param(r"\bthe republicans\b", id="one party"),
]


@pytest.mark.parametrize("match", ONE_SIDED)
def test_a_rule_that_takes_a_side_is_refused(folder: Path, examples: Examples, match: str) -> None:
    pattern(folder, match)
    found = [f for f in refused(folder, examples) if f.kind is Kind.VIEWPOINT]
    (shown,) = (f for f in found if f.what == "bad:bad")
    assert shown.place == f"{folder / 'rules' / 'bad.toml'}:3"
    assert shown.one and shown.other and shown.example.startswith("pairs_")


def test_a_rule_that_finds_something_in_both_sides_of_a_public_question_is_refused(
    folder: Path, examples: Examples
) -> None:
    pattern(folder, r"\b(?:support|oppose) the phone ban\b")
    assert Kind.ISSUE in {f.kind for f in refused(folder, examples)}


@pytest.mark.parametrize(
    ("entry", "trapped"),
    [("*ass*", "assess"), ("*puta*", "computadora"), ("cu*", "cucumber"), ("*cu", "tatu")],
)
def test_a_word_that_hits_innocent_words_is_refused(
    folder: Path, examples: Examples, entry: str, trapped: str
) -> None:
    words(folder, "shit", entry)
    (trap,) = (f for f in refused(folder, examples) if f.kind is Kind.TRAP)
    assert trap.place == f"{folder / 'rules' / 'bad.txt'}:4"
    assert trap.more or trap.one == trapped


def test_a_pattern_that_hits_innocent_words_is_refused(folder: Path, examples: Examples) -> None:
    pattern(folder, "cock")
    (trap,) = (f for f in refused(folder, examples) if f.kind is Kind.TRAP)
    assert (trap.what, trap.place.rpartition(":")[2]) == ("bad:bad", "3")


def test_a_trap_is_refused_though_another_rule_covers_it(folder: Path, examples: Examples) -> None:
    """Each rule stands alone: what a graver rule shows already does not excuse it."""
    words(folder, "*cock*", "*peacock*")
    what = {f.what for f in refused(folder, examples) if f.kind is Kind.TRAP}
    assert what == {"bad:cock", "bad:peacock"}


def test_an_exception_excuses_what_it_clears(folder: Path, examples: Examples) -> None:
    words(folder, "*shit*")
    trapped = [f.one for f in refused(folder, examples) if f.kind is Kind.TRAP]
    assert trapped
    (folder / "rules" / "spared.toml").write_text(
        "[[exceptions]]\n"
        "match = ['shita\\w*', '\\w+shita', 'shiitake', 'shittu', 'lifshitz', 'mishits?']\n",
        "utf-8",
    )
    assert [f.one for f in refused(folder, examples) if f.kind is Kind.TRAP] == []


@pytest.mark.parametrize(
    ("match", "what"),
    [
        (r"\b(?:he|she|delacroix) is a fool\b", "person: delacroix"),
        (r"\bmrs rodriguez\b", "person: rodriguez"),
        (r"\bthe overrides? is\b", "local issue: override"),
        (r"\bpresupuesto\b.*\brobo\b", "local issue: presupuesto"),
        (r"\bdumb democrats?\b", "party or candidate: democrat"),
    ],
)
def test_a_rule_that_names_somebody_or_an_issue_is_refused(
    folder: Path, examples: Examples, match: str, what: str
) -> None:
    pattern(folder, match)
    named = [f for f in refused(folder, examples) if f.kind is Kind.NAMED]
    assert [f.message for f in named] == [f"names a {what}"]
    assert named[0].place.endswith("bad.toml:3")


@pytest.mark.parametrize(
    ("match", "what"),
    [
        (r"\bmart.nez\b", "person"),
        (r"\bdelac(?:roix|rois)\b", "person"),
        (r"\bmrs?\.? ga[r]cia\b", "person"),
        (r"\b[o]verride\b", "local issue"),
    ],
)
def test_a_name_is_known_however_a_pattern_spells_it(
    folder: Path, examples: Examples, match: str, what: str
) -> None:
    pattern(folder, match)
    named = [f.message for f in refused(folder, examples) if f.kind is Kind.NAMED]
    assert len(named) == 1
    assert named[0].endswith(f"which is a {what}")


@pytest.mark.parametrize("match", [r"\bgun control\b", r"\b(?:stand with|viva) israel|palestin\w+"])
def test_only_off_topic_may_find_anything_in_national_politics(
    folder: Path, examples: Examples, match: str
) -> None:
    pattern(folder, match)
    assert Kind.ISSUE in {f.kind for f in refused(folder, examples)}
    pattern(folder, match, category="off_topic")
    assert Kind.ISSUE not in {f.kind for f in refused(folder, examples)}


@pytest.mark.parametrize(
    "match", [r"\bwaste of money\b", r"\bfailing superintendent\b", r"\bun fracaso\b", r"\bdei\b"]
)
def test_blame_of_what_is_done_is_no_breach(folder: Path, examples: Examples, match: str) -> None:
    pattern(folder, match)
    assert {f.kind for f in refused(folder, examples)} <= {Kind.VIEWPOINT, Kind.ISSUE}
    assert refused(folder, examples) != []


def test_a_condition_may_not_name_anybody_either_but_what_exempts_may(
    folder: Path, examples: Examples
) -> None:
    pattern(folder, r"\bzzz\b", **{"with": r"\btrump\b"})
    assert {f.kind for f in refused(folder, examples)} == {Kind.NAMED}
    pattern(folder, r"\bzzz\b", without=r"\btrump\b")
    assert refused(folder, examples) == []


def test_off_topic_may_know_national_politics_if_it_knows_both_sides(
    folder: Path, examples: Examples
) -> None:
    pattern(folder, r"\b(?:trump|biden)\b", category="off_topic")
    assert refused(folder, examples) == []
    pattern(folder, r"\btrump\b", category="off_topic")
    assert {f.kind for f in refused(folder, examples)} == {Kind.VIEWPOINT}


def test_an_exception_that_spares_one_side_is_refused(folder: Path, examples: Examples) -> None:
    words(folder, "idiot", "moron")
    assert [f for f in refused(folder, examples) if f.one.startswith("Only an idiot")] == []
    (folder / "rules" / "spared.toml").write_text(
        "[[exceptions]]\nmatch = ['only an idiot would oppose']\n", "utf-8"
    )
    (unequal,) = (f for f in refused(folder, examples) if f.one.startswith("Only an idiot"))
    assert (unequal.kind, unequal.what) == (Kind.VIEWPOINT, "bad:idiot")


@pytest.mark.parametrize(
    "spared", ["[^\\n]*support the override[^\\n]*", "[^\\n]*superintendent is great[^\\n]*"]
)
def test_a_breach_is_one_beside_either_side(folder: Path, examples: Examples, spared: str) -> None:
    words(folder, "bullshit")
    assert refused(folder, examples) == []
    (folder / "rules" / "spared.toml").write_text(
        f"[[exceptions]]\nmatch = ['{spared}']\n", "utf-8"
    )
    (unequal,) = refused(folder, examples)
    assert (unequal.kind, unequal.what) == (Kind.VIEWPOINT, "bad:bullshit")


def test_a_rule_that_spares_one_side_is_refused(folder: Path, examples: Examples) -> None:
    pattern(folder, r"\byou are an idiot\b", without=r"\btrump is right\b")
    (unequal,) = refused(folder, examples)
    assert (unequal.kind, unequal.what) == (Kind.VIEWPOINT, "bad:bad")


def test_a_district_adds_names_of_its_own(folder: Path) -> None:
    pattern(folder, r"\bquimby\b")
    assert refused(folder, load_examples(folder)) == []
    (folder / "never_named.txt").write_text("[committee member]\nQuímby\n", "utf-8")
    (named,) = refused(folder, load_examples(folder))
    assert named.message == "names a committee member: quimby"


def test_a_rule_too_weak_to_count_is_let_be(folder: Path, examples: Examples) -> None:
    words(folder, "*ass*", severity="mild")
    assert refused(folder, examples) == []


def test_a_models_threshold_that_takes_a_side_is_refused_with_its_line(
    folder: Path, examples: Examples
) -> None:
    scores = {"Uniforms are a stupid idea.": 0.98, "Titicaca": 0.98}
    found = {f.kind: f for f in refused(folder, examples, scores)}
    assert set(found) == {Kind.VIEWPOINT, Kind.TRAP}
    shown = found[Kind.VIEWPOINT]
    assert shown.what == "offensive.model_review"
    name, _, line = shown.place.rpartition(":")
    assert name == str(folder / "policy.toml")
    text = (folder / "policy.toml").read_text("utf-8").splitlines()[int(line) - 1]
    assert text.startswith("model_review")


def test_another_word_for_the_other_side_is_fair(folder: Path, examples: Examples) -> None:
    words(folder, "idiot", "moron")
    assert refused(folder, examples) == []


def test_the_shipped_rules_pass(examples: Examples) -> None:
    assert refused(SHIPPED, examples) == []


def test_there_are_enough_examples_in_every_language(examples: Examples) -> None:
    written = {lang: _written(HERE / f"pairs_{lang}.txt") for lang in LANGUAGES}
    assert sum(written.values()) >= 150
    assert written["es"] >= 75
    assert len(examples.pairs) > sum(written.values()), "stances multiply subjects"
    assert len(examples.innocent) >= 1500
    kinds = Counter((pair.language, pair.kind) for pair in examples.pairs)
    assert {("es", "official"), ("es", "issue"), ("es", "identity"), ("pt", "issue")} <= set(kinds)


def _written(path: Path) -> int:
    return sum(" <> " in line for line in path.read_text("utf-8").splitlines())


def test_the_two_sides_of_every_pair_differ(examples: Examples) -> None:
    assert [p for p in examples.pairs if p.one == p.other] == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a <> b\n", "1: needs a section"),
        ("[en issue]\nno other side\n", "2: must be two texts"),
        ("[xx issue]\n", "1: must be .LANGUAGE KIND."),
    ],
)
def test_a_faulty_file_of_pairs_is_refused_with_its_line(
    tmp_path: Path, text: str, problem: str
) -> None:
    path = tmp_path / "pairs.txt"
    path.write_text(text, "utf-8")
    with pytest.raises(BadConfig, match=problem):
        read_pairs(path)


def test_the_judgement_is_tried_under_the_policy_as_it_stands(
    folder: Path, examples: Examples
) -> None:
    """A rule below one category's review is checked once the threshold lets it count."""
    words(folder, "*ass*", severity="mild")
    config = load_config(folder)
    low = replace(config.policy.categories[Category.PROFANITY], review=0.3)
    policy = replace(
        config.policy, categories={**config.policy.categories, Category.PROFANITY: low}
    )
    report = check_rules(
        build_rule_book(config),
        judging(config, policy),
        policy,
        examples,
        policy_lines(folder),
    )
    assert Kind.TRAP in {f.kind for f in report.findings}
