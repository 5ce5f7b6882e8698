"""A school day that left twenty comments waiting for a person."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from modbot import store
from modbot.domain import (
    Category,
    Comment,
    Decision,
    Evidence,
    Mode,
    Page,
    Post,
    Share,
    Signal,
    Verdict,
)
from modbot.enforcement import CANNOT_HIDE, QUOTA_SPENT
from modbot.policy import Policy
from modbot.settings import load_config, packaged_folder
from modbot.store import Judged
from tests.fakes import SCHOOL_DAY, make_comment, make_page
from tests.web.school import ALLOWED, FakeConfig, FakeService, open_school, register

LPS = make_page(1)
HIGH = replace(make_page(3, platform="instagram", mode=Mode.ASSIST), name="Lawrence High")
TIKTOK = replace(make_page(4, platform="manual"), name="LPS on TikTok")
POST = (
    "Homecoming is this Friday at 7 at Veterans Memorial Stadium. Come early: the band plays from"
    " six, and the parent organization sells hot chocolate."
)


def shipped_policy() -> Policy:
    """The policy.toml that comes with modbot."""
    return load_config(packaged_folder()).policy


def rule(
    category: Category, text: str, words: str, score: float = 0.8, **changes: object
) -> Signal:
    """A rule's hit on words of a text."""
    start = text.index(words)
    evidence = Evidence(
        rule=f"{category.value}:{words.split()[0].lower()}",
        text=words,
        start=start,
        end=start + len(words),
    )
    values = {"source": "rules", "category": category, "score": score, "evidence": evidence}
    return Signal(**{**values, **changes})  # type: ignore[arg-type]


def model(category: Category, text: str, words: str, score: float) -> Signal:
    """A model's score, most of which rests on some words."""
    start = text.index(words)
    share = Share(text=words, start=start, end=start + len(words), share=0.62)
    return Signal(
        source="embedded",
        category=category,
        score=score,
        evidence=Evidence(rule=category.value, shares=(share,)),
    )


def judged(policy: Policy, text: str, *signals: Signal, **changes: object) -> Decision:
    """A decision for the category of the first signal, as the policy words it."""
    category = signals[0].category
    known = policy.categories[category]
    name = category.value
    values: dict[str, object] = {
        "verdict": Verdict.REVIEW,
        "hide": False,
        "categories": tuple(dict.fromkeys(s.category for s in signals)),
        "signals": signals,
        "clause": known.clause,
        "thresholds": {
            f"{name}.review": known.review,
            f"{name}.hide": known.hide,
            f"{name}.model_review": known.model_review,
            f"{name}.model_hide": known.model_hide,
        },
        "reason": "A person should look.",
    }
    return Decision(**{**values, **changes})  # type: ignore[arg-type]


Line = tuple[Page, str, str, Decision]


def texts(policy: Policy) -> list[Line]:
    """Page, author, text and what modbot decided: twenty, from grave to slight."""
    return [*_grave(policy), *_rude(policy), *_slight(policy)]


def _hit(
    policy: Policy,
    page: Page,
    author: str,
    text: str,
    words: str,
    category: Category,
    **changes: object,
) -> Line:
    return page, author, text, judged(policy, text, rule(category, text, words), **changes)


def _scored(
    policy: Policy, author: str, text: str, words: str, category: Category, score: float
) -> Line:
    return LPS, author, text, judged(policy, text, model(category, text, words, score))


def _grave(policy: Policy) -> Iterator[Line]:
    c, at_once = Category, Verdict.ESCALATE
    t = "I swear I will come to the stadium and make you pay, coach. Watch your back."
    yield _hit(policy, LPS, "Rick D.", t, "make you pay", c.THREAT, verdict=at_once)
    t = "mi hija dice que no quiere vivir más y nadie en la escuela contesta"
    yield _hit(policy, LPS, "Marisol P.", t, "no quiere vivir", c.CRISIS, verdict=at_once)
    t = "That boy Kevin M. in 9th grade was suspended for vaping, ask his mother"
    yield _hit(policy, LPS, "Town Talk", t, "was suspended", c.PRIVACY)


def _rude(policy: Policy) -> Iterator[Line]:
    for number, word in enumerate(("idiots", "morons", "clowns")):
        t = f"You {word} cannot even park a bus straight"
        yield _hit(policy, LPS, f"Driver {number}", t, word, Category.OFFENSIVE)
    for number, word in enumerate(("loser", "pig")):
        t = f"sit down you fat {word}"
        hide = {"verdict": Verdict.HIDE, "hide": True}
        yield _hit(policy, HIGH, f"student{number}", t, word, Category.OFFENSIVE, **hide)
    for number in range(3):
        t = f"what the f*ck is this parking {'!' * (number + 1)}"
        withheld = {"degraded": (QUOTA_SPENT,)}
        yield _hit(policy, LPS, f"Parent {number}", t, "f*ck", Category.PROFANITY, **withheld)
    t, withheld = "get lost you clown", {"degraded": (CANNOT_HIDE,)}
    yield _hit(policy, TIKTOK, "dancer", t, "clown", Category.OFFENSIVE, **withheld)


def _slight(policy: Policy) -> Iterator[Line]:
    c = Category
    t = "My son's IEP meeting was moved again and Ms. Rivera never calls back"
    yield _hit(policy, LPS, "Dana W.", t, "IEP meeting", c.PERSONAL_ISSUE)
    t = "Mrs. Ortiz gave my daughter an F because she hates us, fix her grade"
    yield _scored(policy, "Ed S.", t, "fix her grade", c.PERSONAL_ISSUE, 0.41)
    for number in range(3):
        t = f"Custom hoodies only ${20 + number}, DM me, free delivery in Lawrence"
        yield _scored(policy, f"Hoodie shop {number}", t, "DM me", c.SALES, 0.38 + number / 100)
    for number in range(3):
        t = f"Who else misses the old mall? Part {number + 1}"
        yield _scored(policy, f"Nostalgic {number}", t, "old mall", c.OFF_TOPIC, 0.3)


def open_queue_day(folder: Path) -> FakeService:
    """A service on a database with that day in it, under the shipped policy."""
    service = open_school(folder)
    policy = shipped_policy()
    service.config = FakeConfig(settings=service.config.settings, policy=policy)
    with service.database.write() as s:
        for page in (HIGH, TIKTOK):
            register(s, page)
        for page in (LPS, HIGH, TIKTOK):
            store.record_posts(
                s, page.id, [Post(id="p1", text=POST, created_at=SCHOOL_DAY)], SCHOOL_DAY
            )
    _talk(service, policy)
    for number, (page, author, text, decision) in enumerate(texts(policy)):
        service.clock.advance(240)
        said = made(f"q{number}", page, author, text, service)
        _record(service, page, said, decision)
    service.clock.advance(1800)
    return service


def made(comment_id: str, page: Page, author: str, text: str, service: FakeService) -> Comment:
    """A comment of that day."""
    now = service.clock.now()
    comment = make_comment(text, page=page, id=comment_id, created_at=now - timedelta(minutes=3))
    return replace(comment, author_id=f"id-{author}", author_name=author)


def _talk(service: FakeService, policy: Policy) -> None:
    """What was said before, and left up or hidden."""
    for number, text in enumerate(("Go Lancers!", "Does the gate open at five?")):
        said = made(f"before{number}", LPS, "A parent", text, service)
        _record(service, LPS, said, ALLOWED)
    old = "coach is a joke, fire him"
    _record(service, LPS, made("old1", LPS, "Rick D.", old, service), ALLOWED)
    words = "shut up moron"
    hidden = judged(
        policy,
        words,
        rule(Category.OFFENSIVE, words, "moron", 1.0),
        verdict=Verdict.HIDE,
        hide=True,
    )
    _record(service, LPS, made("old2", LPS, "Rick D.", words, service), hidden)


def _record(service: FakeService, page: Page, comment: Comment, decision: Decision) -> None:
    item = Judged(
        comment=comment, decision=decision, mode=page.mode.value, models={"embedded": "1.0"}
    )
    with service.database.write() as s:
        store.record_judged(s, page, [item], service.clock.now())
