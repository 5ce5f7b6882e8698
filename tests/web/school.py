"""A small district for the tests of the pages: a database, and a stand-in for the service."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import tzinfo
from pathlib import Path

from sqlmodel import Session

from classifiers.fundraisers import speaks_of
from classifiers.links import look_alikes
from classifiers.rule_book import WrittenRule
from modbot import store
from modbot.domain import (
    ActionKind,
    Actor,
    Aspect,
    Capability,
    Category,
    Comment,
    Decision,
    Evidence,
    Page,
    Post,
    Signal,
    Verdict,
)
from modbot.enforcement import Limits
from modbot.manual import Taken
from modbot.measures import Measures
from modbot.policy import CategoryPolicy, Policy
from modbot.seen_list import Seen
from modbot.settings import Settings
from modbot.store import Database, Judged, Recorded
from modbot.tables import PageRow
from platforms import ADAPTERS
from tests.databases import new_database
from tests.fakes import EVERYTHING, SCHOOL_DAY, ManualClock, make_comment, make_page
from tests.running import shipped_judge

POST_TEXT = "Homecoming Friday. Who's ready?"
THRESHOLDS = {"profanity.review": 0.5, "profanity.hide": 0.8, "offensive.model_review": 0.7}


@dataclass(frozen=True, kw_only=True)
class FakeConfig:
    settings: Settings
    policy: Policy


@dataclass(kw_only=True)
class FakeService:
    """What the pages need of the service."""

    database: Database
    config: FakeConfig
    clock: ManualClock = field(default_factory=ManualClock)
    platforms: frozenset[str] = frozenset(ADAPTERS)
    limits: Limits = field(default_factory=Limits)

    def judge(self, comments: Sequence[Comment]) -> list[Decision]:
        return shipped_judge().judge(comments)

    def speaks_of(self, text: str, fundraiser: str) -> bool:
        return speaks_of(text, fundraiser)

    def look_alikes(self, links: Sequence[str], known: Sequence[str]) -> list[tuple[str, str]]:
        return look_alikes(links, known)

    def capabilities(self, platform: str) -> frozenset[Capability]:
        return frozenset() if platform in ("manual", "feed") else EVERYTHING

    def take_in(self, page: Page, seen: Sequence[Seen], actor: Actor, zone: tzinfo) -> Taken:
        raise NotImplementedError  # no page here is without an API

    def rule_entries(self, rule: str) -> list[WrittenRule]:
        known = WrittenRule(
            rule="profanity_en:x",
            file="/etc/modbot/rules/profanity_en.txt",
            line=7,
            category=Category.PROFANITY,
            score=1.0,
            asks_for=("frick",),
        )
        return [known] if rule == known.rule else []

    measures: Measures = field(default_factory=Measures)


def open_school(
    folder: Path,
    *,
    web: Mapping[str, object] | None = None,
    sign_in: Mapping[str, object] | None = None,
) -> FakeService:
    """A service on a new database with two registered pages and one post on each."""
    database = new_database(folder / "modbot.db")
    with database.write() as session:
        for page in (make_page(1), make_page(2, platform="x")):
            register(session, page)
    settings = Settings.model_validate({"web": web or {}, "sign_in": sign_in or {}})
    policy = Policy(categories={Category.PROFANITY: _profanity_policy()})
    return FakeService(database=database, config=FakeConfig(settings=settings, policy=policy))


def register(session: Session, page: Page) -> None:
    """A page in the registry, with one post."""
    session.add(
        PageRow(
            id=page.id,
            platform=page.platform,
            external_id=page.external_id,
            name=page.name,
            mode=page.mode.value,
            registered_at=SCHOOL_DAY,
        )
    )
    session.flush()
    store.record_posts(
        session, page.id, [Post(id="p1", text=POST_TEXT, created_at=SCHOOL_DAY)], SCHOOL_DAY
    )


def _profanity_policy() -> CategoryPolicy:
    return CategoryPolicy(
        category=Category.PROFANITY,
        review=0.5,
        hide=0.8,
        may_hide=True,
        urgent=False,
        clause="1.3",
        clause_text="Profane remarks are removed.",
    )


def swearing(text: str, word: str, **changes: object) -> Decision:
    """A decision to hide `text` for one word in it."""
    start = text.index(word)
    hit = Signal(
        source="rules",
        category=Category.PROFANITY,
        score=1.0,
        evidence=Evidence(rule="profanity_en:x", text=word, start=start, end=start + len(word)),
    )
    values: dict[str, object] = {
        "verdict": Verdict.HIDE,
        "hide": True,
        "categories": (Category.PROFANITY,),
        "signals": (hit,),
        "clause": "1.3",
        "thresholds": THRESHOLDS,
        "reason": "Hidden for profanity.",
        **changes,
    }
    return Decision(**values)  # type: ignore[arg-type]


def insult_score(score: float) -> Signal:
    return Signal(
        source="embedded",
        category=Category.OFFENSIVE,
        score=score,
        evidence=Evidence(rule="insult"),
        aspect=Aspect.NONE,
    )


ALLOWED = Decision(verdict=Verdict.ALLOW, hide=False, reason="No breach found.")


def record(
    service: FakeService,
    items: Iterable[tuple[str, Decision]],
    *,
    page: Page | None = None,
    action: ActionKind | None = None,
    mode: str = "enforce",
    author: str = "A parent",
    prefix: str = "c",
) -> list[Recorded]:
    """Stores comments with their decisions in one batch, in order."""
    page = page or make_page(1)
    judged = [
        Judged(
            comment=replace(
                make_comment(text, page=page, id=f"{prefix}{number}"), author_name=author
            ),
            decision=decision,
            action=action,
            mode=mode,
            models={"embedded": "1.0"},
            config_sha256="a" * 64,
        )
        for number, (text, decision) in enumerate(items)
    ]
    with service.database.write() as session:
        return store.record_judged(session, page, judged, service.clock.now())
