"""A rule or model that hides too much of a page drops to asking for review there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlmodel import col, select

from modbot import audit, brake, review, store
from modbot.alert_tables import AlertRow, BrakeCountRow, BrakeRow
from modbot.alerts import Alerter, IncidentBook
from modbot.brake import MARK, BrakeLimits
from modbot.domain import Category, Comment, Evidence, Mode, Signal, Verdict
from modbot.enforcement import QUOTA_SPENT, Limits
from modbot.judging import Judge
from modbot.settings.sections import AlertsSection
from modbot.store import brakes
from tests.fakes import FakeAdapter, ManualClock, make_page
from tests.line import ADA, Line, line_on, make_policy

MANY = Limits(hides_per_hour=10_000, hides_per_day=10_000)
TIGHT = BrakeLimits(share=0.5, min_comments=10, window=timedelta(hours=1))
# Words of the classifier below: what they raise, and how surely.
WORDS = {
    "bad": ("rules", Category.PROFANITY, 0.95),
    "rude": ("rules", Category.OFFENSIVE, 0.95),
    "scam": ("rules", Category.SALES, 0.95),
    "meh": ("rules", Category.OFFENSIVE, 0.75),
    "vile": ("embedded", Category.OFFENSIVE, 0.99),
    "menace": ("rules", Category.THREAT, 0.95),
    "help": ("rules", Category.CRISIS, 0.95),
}


class WordClassifier:
    """Each of WORDS in a text is a signal of a rule, or of a model, with that name."""

    version = "w1"

    def __init__(self, source: str) -> None:
        self.name = source

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        return [
            [
                Signal(source=source, category=category, score=score, evidence=Evidence(rule=word))
                for word, (source, category, score) in WORDS.items()
                if word in comment.text.split() and source == self.name
            ]
            for comment in comments
        ]


def word_judge(model_version: str = "w1") -> Judge:
    policy = make_policy()
    policy = replace(
        policy,
        categories={
            c: replace(rule, model_review=0.5, model_hide=0.9)
            for c, rule in policy.categories.items()
        },
    )
    model = WordClassifier("embedded")
    model.version = model_version
    return Judge(classifiers=(WordClassifier("rules"), model), policy=policy)


class Braked:
    """A page in memory whose polls have a brake, and what a test plays and sees there."""

    def __init__(self, line: Line) -> None:
        self.line, self.number = line, 0
        self.book = IncidentBook(line.database, line.clock, AlertsSection)
        self.use(brake=TIGHT, judge=word_judge())

    def use(self, **changes: object) -> None:
        alerter = Alerter((self.line.alerts.append,), self.book)
        self.line.context = replace(self.line.context, alerter=alerter, **changes)  # type: ignore[arg-type]

    def says(self, *texts: str) -> list[str]:
        """The texts are said and polled in one batch; what became of each."""
        first = self.number
        for text in texts:
            self.number += 1
            self.line.adapter.add(text, id=f"c{self.number:05}")
        self.line.poll()
        decided = {d.comment_row: d for d in self.line.decisions()}
        rows = [c.id for c in self.line.comments() if int(c.comment_id[1:]) > first]
        return [
            ("hide" if decided[row].hide else decided[row].verdict)  # type: ignore[index]
            for row in rows
        ]

    def brakes(self) -> list[BrakeRow]:
        with self.line.database.read() as s:
            return list(s.exec(select(BrakeRow).order_by(col(BrakeRow.id))))

    def alerts(self) -> list[AlertRow]:
        with self.line.database.read() as s:
            return list(s.exec(select(AlertRow).order_by(col(AlertRow.id))))

    def release(self) -> bool:
        with self.line.database.write() as s:
            (row,) = brakes.pulled(s, self.line.page.id)
            return brake.release(s, row, "Ada", "mended", self.line.clock.now())


@pytest.fixture
def braked(tmp_path: Path) -> Iterator[Braked]:
    clock = ManualClock()
    adapter = FakeAdapter(make_page(), now=clock.now)
    with line_on(tmp_path, adapter, clock, limits=MANY) as line:
        yield Braked(line)


def test_a_rule_gone_wild_hides_up_to_the_share_of_one_big_batch_and_then_asks(
    braked: Braked,
) -> None:
    became = braked.says(*["fine"] * 6, *["bad"] * 100)
    assert became == ["allow"] * 6 + ["hide"] * 6 + ["review"] * 94
    (pulled,) = braked.brakes()
    assert (pulled.key, pulled.hides, pulled.comments) == ("rule bad", 7, 13)
    held = braked.line.decisions()[12]
    assert held.degraded == [f"{MARK}rule bad"] and held.reason.startswith("Hidden for")
    assert Counter(a.kind for a in braked.line.actions()) == {"hide": 6}
    assert [(a.kind, a.subject) for a in braked.line.alerts] == [("brake", "rule bad")]
    kinds = [row.kind for row in braked.line.audit()]
    assert kinds.count("brake.pulled") == 1 and kinds.count("alert.opened") == 1
    found = audit.verify(braked.line.database).problems
    assert {p.table for p in found} <= {"page"}, found  # registered here without its audit row


def test_it_stays_pulled_over_a_restart_and_long_after_the_window(braked: Braked) -> None:
    braked.says(*["bad"] * 20)
    braked.book = IncidentBook(braked.line.database, braked.line.clock, AlertsSection)
    braked.use()
    braked.line.clock.advance(100 * 3600)
    assert braked.says("bad", "fine") == ["review", "allow"]
    assert len(braked.brakes()) == len(braked.alerts()) == 1


def test_another_rule_goes_on_also_on_the_same_comment(braked: Braked) -> None:
    braked.says(*["fine"] * 30, *["bad"] * 40)
    assert braked.brakes()[0].key == "rule bad"
    assert braked.says("rude", "bad rude", "bad meh") == ["hide", "hide", "review"]
    assert braked.line.decisions()[-1].degraded == [f"{MARK}rule bad"]
    assert braked.line.decisions()[-2].degraded == []


def test_a_model_is_held_by_its_version_and_the_rules_go_on(braked: Braked) -> None:
    braked.says(*["fine"] * 30, *["vile"] * 40)
    assert braked.brakes()[0].key == "model embedded w1"
    assert braked.says("vile", "bad vile") == ["review", "hide"]
    braked.use(judge=word_judge("w2"))
    assert braked.says("vile") == ["hide"]


def test_a_braked_threat_still_calls_a_person_at_once(braked: Braked) -> None:
    braked.says(*["menace"] * 20)
    last = braked.line.decisions()[-1]
    assert (last.verdict, last.hide, last.degraded) == ("escalate", False, [f"{MARK}rule menace"])
    assert len([a for a in braked.line.alerts if a.kind == "threat"]) == 20


def test_another_page_goes_on(tmp_path: Path) -> None:
    clock = ManualClock()
    (tmp_path / "a").mkdir()
    adapter = FakeAdapter(make_page(1), now=clock.now)
    with line_on(tmp_path / "a", adapter, clock, limits=MANY) as line:
        braked = Braked(line)
        braked.says(*["bad"] * 20)
        other = FakeAdapter(make_page(2), now=clock.now)
        from tests.line import register

        with line.database.write() as s:
            register(s, other.page, clock)
        second = Line(line.database, other, clock, MANY)
        second.context = replace(line.context, adapter=other)
        other.add("bad", id="x1")
        second.poll()
        assert second.decisions()[-1].hide


def test_few_comments_are_not_looked_at_and_old_ones_are_forgotten(braked: Braked) -> None:
    assert set(braked.says(*["bad"] * 9)) == {"hide"}
    braked.line.clock.advance(3601)
    assert set(braked.says(*["bad"] * 9)) == {"hide"}
    assert braked.brakes() == []
    with braked.line.database.read() as s:
        assert len(list(s.exec(select(BrakeCountRow)))) == 2  # those of the first hour are gone


def test_what_only_waits_and_what_a_person_hides_does_not_count(braked: Braked) -> None:
    braked.line.set_page(mode=Mode.ASSIST.value)
    braked.says(*["bad"] * 20)
    for decision in braked.line.decisions():
        assert decision.id is not None
        now = braked.line.clock.now()
        review.resolve(braked.line.database, decision.id, Verdict.HIDE, ADA, "", now)
    assert braked.brakes() == []
    braked.line.set_page(mode=Mode.ENFORCE.value)
    assert braked.says("bad") == ["hide"]


def test_what_the_quota_withheld_counts_all_the_same(braked: Braked) -> None:
    braked.use(limits=Limits(hides_per_hour=2, hides_per_day=2))
    braked.says(*["bad"] * 20)
    assert [d.degraded for d in braked.line.decisions()][-1] == [f"{MARK}rule bad"]
    assert [QUOTA_SPENT] in [d.degraded for d in braked.line.decisions()]


def test_a_released_brake_hides_again_and_counts_anew(braked: Braked) -> None:
    braked.says(*["bad"] * 20)
    assert braked.release()
    assert [a.over_at is not None for a in braked.alerts()] == [True]
    assert braked.says(*["bad"] * 9) == ["hide"] * 9  # of the same hour
    assert braked.says("bad") == ["review"]
    assert len(braked.brakes()) == 2 and braked.brakes()[0].released_by == "Ada"
    kinds = [row.kind for row in braked.line.audit() if row.kind.startswith("brake")]
    assert kinds == ["brake.pulled", "brake.released", "brake.pulled"]


def test_a_brake_is_released_once(braked: Braked) -> None:
    braked.says(*["bad"] * 20)
    with braked.line.database.write() as s:
        (row,) = brakes.pulled(s, braked.line.page.id)
        assert brake.release(s, row, "Ada", "mended", braked.line.clock.now())
        assert not brake.release(s, row, "Bo", "me too", braked.line.clock.now())


@pytest.mark.parametrize(
    "limits",
    [
        pytest.param(replace(TIGHT, share=1.0), id="never"),
        pytest.param(replace(TIGHT, min_comments=50), id="only many comments"),
    ],
)
def test_limits_that_would_not_have_pulled_it_lift_it(braked: Braked, limits: BrakeLimits) -> None:
    braked.says(*["bad"] * 20)
    braked.use(brake=limits)
    assert braked.says("bad") == ["hide"]
    (lifted,) = braked.brakes()
    assert (lifted.released_by, lifted.reason) == ("modbot", "the limits were changed")


def test_a_clock_set_back_counts_anew_and_breaks_nothing(braked: Braked) -> None:
    braked.says(*["bad"] * 5)
    braked.line.clock.advance(-7200)
    assert braked.says(*["bad"] * 9) == ["hide"] * 9


def test_a_person_s_decision_on_a_comment_ends_its_alerts(braked: Braked) -> None:
    braked.says("help", "menace")
    first = braked.line.decisions()[0]
    assert first.id is not None
    now = braked.line.clock.now()
    review.resolve(braked.line.database, first.id, Verdict.ALLOW, ADA, "", now)
    assert [(a.kind, a.over_at is None) for a in braked.alerts()] == [
        ("crisis", False),
        ("threat", True),
    ]


def model_of(batches: Sequence[Sequence[str]], gaps: Sequence[int]) -> list[list[str]]:
    """The brake in a few lines: what becomes of comments that each break one rule or none."""
    past: list[tuple[int, str, bool]] = []  # time, word, hidden
    pulled: set[str] = set()
    now, became = 0, []
    for texts, gap in zip(batches, gaps, strict=True):
        now += gap
        past = [one for one in past if one[0] > now - 3600]
        decided = []
        for word in texts:
            past.append((now, word, False))
            hides = sum(1 for _, w, hidden in past if hidden and w == word) + 1
            if word != "fine" and len(past) >= 10 and hides > 0.5 * len(past):
                pulled.add(word)
            hidden = word != "fine" and word not in pulled
            past[-1] = (now, word, hidden)
            decided.append("hide" if hidden else "allow" if word == "fine" else "review")
        became.append(decided)
    return became


BATCHES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(["fine", "bad", "bad", "rude", "scam"]), min_size=1, max_size=25),
        st.sampled_from([1, 60, 1800, 3599, 3600, 7200]),
    ),
    min_size=1,
    max_size=6,
)


@pytest.mark.campaigns
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(played=BATCHES)
def test_it_does_what_a_few_lines_say(
    tmp_path_factory: pytest.TempPathFactory, played: list[tuple[list[str], int]]
) -> None:
    clock = ManualClock()
    adapter = FakeAdapter(make_page(), now=clock.now)
    with line_on(tmp_path_factory.mktemp("brake"), adapter, clock, limits=MANY) as line:
        braked = Braked(line)
        became = []
        for texts, gap in played:
            clock.advance(gap)
            became.append(braked.says(*texts))
    assert became == model_of([t for t, _ in played], [g for _, g in played])


def test_store_counts_are_of_the_page_and_the_window(braked: Braked) -> None:
    braked.says(*["fine"] * 3, "bad")
    with braked.line.database.read() as s:
        now, hour = braked.line.clock.now(), timedelta(hours=1)
        found = brakes.counts(s, braked.line.page.id, now, hour)
        assert (found[brakes.ALL].comments, found["rule bad"].hides) == (4, 1)
        assert brakes.counts(s, "facebook:9", now, hour)[brakes.ALL].comments == 0
        assert store.count_open(s, pages=None) == 0
