"""The real service is killed in the middle of an undo run: nothing is done twice or lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import select

from modbot import store, undo
from modbot.domain import Actor
from modbot.service import capabilities_of
from modbot.settings import load_config
from modbot.store import Database, DeedChoice, Doer, DoerKind
from modbot.tables import ActionRow, DecisionRow
from modbot.undo import Request, Rights
from modbot.undo.receipts import totals
from tests.campaigns.kill_account import verify
from tests.campaigns.kill_campaign import Campaign, district

pytestmark = pytest.mark.campaigns

COMMENTS = 16
KILLS = ("before a write", "after a write", "after a call")
ADA = Actor(kind="person", name="Ada")
PATIENCE_SECONDS = 40.0


@dataclass(kw_only=True)
class End:
    """How it stood when all was over."""

    receipts: Counter[str]
    effects: Counter[str]  # restores that the platform saw, by comment
    hidden: int
    persons: Counter[int]  # decisions by a person, by comment
    restores: Counter[int]  # actions, by comment
    killed: int
    sound: bool


@pytest.fixture(scope="module")
def end(tmp_path_factory: pytest.TempPathFactory) -> Iterator[End]:
    folder = tmp_path_factory.mktemp("undo-kills")
    with district(folder, seed=3) as campaign:
        post = next(p for p in campaign.posts)
        for number in range(COMMENTS):
            campaign.world.add_comment(post, f"what the fuck is {number}", author_id=f"u{number}")
        live(campaign, lambda: hidden(campaign) == COMMENTS)
        run_id = begin(campaign)
        killed = sum(kill(campaign, kind) for kind in KILLS)
        live(campaign, lambda: state_of(campaign, run_id) == "done")
        yield account(campaign, run_id, killed)


def live(campaign: Campaign, over: Callable[[], bool]) -> None:
    """One life that ends cleanly once `over`."""
    child = campaign.start()
    until = time.monotonic() + 2 * PATIENCE_SECONDS
    while not over() and time.monotonic() < until:
        assert child.process.poll() is None
        time.sleep(0.2)
    assert child.stop() == 0
    assert over()


def kill(campaign: Campaign, kind: str) -> bool:
    """One life that ends at a call, with what that call was about in the air."""
    child = campaign.start()
    # The first calls are polls: a later one is of the work on the run.
    number = 2 if kind.endswith("write") else 30
    child.die_at(kind, number, campaign.chance.uniform(0, 0.04))
    until = time.monotonic() + PATIENCE_SECONDS
    while not child.dead and time.monotonic() < until:
        time.sleep(0.01)
    reached = child.dead
    child.wait_dead()
    time.sleep(0.05)  # what the dead service had sent is answered now
    return reached


def hidden(campaign: Campaign) -> int:
    return sum(1 for c in campaign.world.all_comments() if c.hidden)


def opened(campaign: Campaign) -> Database:
    return Database.open(f"sqlite:///{campaign.database}")


def begin(campaign: Campaign) -> int:
    config = load_config(campaign.folder / "config")
    rights = Rights(policy=config.policy, capabilities=capabilities_of)
    now = datetime.now(UTC)
    database = opened(campaign)
    try:
        choice = DeedChoice(
            doer=Doer(kind=DoerKind.RULE, subject="profanity_en:fuck"),
            since=now - timedelta(hours=1),
            until=now,
        )
        # The model alone would have hidden these too.
        request = Request(choice=choice, others_too=True, reason="a test", set_sha256="")
        return undo.start(database, request, rights, ADA, now)
    finally:
        database.close()


def state_of(campaign: Campaign, run_id: int) -> str:
    database = opened(campaign)
    try:
        with database.read() as s:
            return store.undo_run(s, run_id).state
    finally:
        database.close()


def account(campaign: Campaign, run_id: int, killed: int) -> End:
    database = opened(campaign)
    try:
        with database.read() as s:
            receipts: Counter[str] = Counter()
            for page in totals(s, run_id).values():
                receipts.update({outcome.value: n for outcome, n in page.items()})
            persons = Counter(s.exec(persons_of()))
            restores = Counter(s.exec(restores_of()))
    finally:
        database.close()
    return End(
        receipts=receipts,
        effects=Counter(e.comment_id for e in campaign.world.effects if not e.hidden),
        hidden=hidden(campaign),
        persons=persons,
        restores=restores,
        killed=killed,
        sound=verify(campaign.modbot, campaign.folder / "config")["ok"],
    )


def persons_of():  # type: ignore[no-untyped-def]
    return select(DecisionRow.comment_row).where(DecisionRow.actor_kind == "person")


def restores_of():  # type: ignore[no-untyped-def]
    return select(ActionRow.comment_row).where(ActionRow.kind == "restore")


def test_every_comment_has_its_receipt_from_the_platform(end: End) -> None:
    assert end.receipts == {"restored": COMMENTS}
    assert end.hidden == 0


def test_each_was_decided_asked_for_and_shown_once(end: End) -> None:
    for counted in (end.persons, end.restores, end.effects):
        assert len(counted) == COMMENTS and set(counted.values()) == {1}


def test_it_was_killed_at_its_work_and_the_record_is_sound(end: End) -> None:
    assert end.killed == len(KILLS)
    assert end.sound
