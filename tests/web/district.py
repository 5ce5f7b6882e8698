"""A whole district for the screens of pages and fundraisers: a real service on pages in memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from modbot import registry, store
from modbot.alerts import Alerter
from modbot.domain import Actor, Mode, Page
from modbot.registry import Approver, ApproverRole, Asker, FundraiserWish, Registration
from modbot.service import Service
from modbot.tables import FundraiserRequestRow
from platforms import ADAPTERS
from tests.databases import new_database
from tests.fakes import FakeAdapter, FakePlatform, ManualClock
from tests.running import config_on, shipped_judge

LEE = Actor(kind="person", name="Dr. Lee")
ANA = Asker(actor=Actor(kind="person", name="Ana Peña"), id=901)
RUIZ = Approver(actor=Actor(kind="person", name="A. Ruiz"), id=902)
NEW = Registration(
    platform="facebook",
    name="Lawrence High School",
    school="Lawrence High",
    purpose="News of the school, for families",
    manager="J. Marte",
    administrator="V. Caruso, principal",
    contact="978-555-0100",
    district_owned=True,
    address="https://www.facebook.com/lhs.lancers",
)


class District:
    """A service whose platforms are in memory."""

    def __init__(self, service: Service, platform: FakePlatform, clock: ManualClock):
        self.service, self.platform, self.clock = service, platform, clock

    @property
    def database(self) -> store.Database:
        return self.service.database

    def add_page(
        self,
        external_id: str,
        name: str = "Lawrence High",
        *,
        platform: str = "facebook",
        school: str = "Lawrence High",
        mode: Mode = Mode.ENFORCE,
    ) -> FakeAdapter:
        """A registered page; what comes back is where a test plays its public."""
        new = registry.NewPage(
            platform=platform,
            external_id=external_id,
            name=name,
            token_ref="" if platform in registry.WITHOUT_TOKEN else "env:TOKEN",
            district_owned=True,
            base_url="https://blog.example.org/feed" if platform in ("wordpress", "feed") else "",
            government_use="Enterprise plan, says J. Ruiz" if platform == "x" else "",
            school=school,
            purpose="News of the school, for families",
            manager="J. Marte",
            administrator="V. Caruso, principal",
            contact="978-555-0100",
        )
        now = self.clock.now()
        page = registry.add_page(self.database, new, LEE, now, platforms=self.service.platforms)
        page = registry.set_mode(self.database, page.id, mode, LEE, now)
        adapter = FakeAdapter(page, now=self.clock.now)
        adapter.add_post("p1", "Homecoming Friday. Who's ready?")
        self.platform.adapters[page.id] = adapter
        return adapter

    def poll(self, adapter: FakeAdapter) -> None:
        """Reads a page once."""
        result = self.service.poll_page(adapter.page.id)
        assert not result.error, result.error

    def newest_decision(self, page: Page) -> store.LogEntry:
        with self.database.read() as s:
            choice = store.Choice(pages=frozenset({page.id}))
            return store.decision_log(s, choice, limit=1)[0]

    def ask_page(self, asker: Asker = ANA, **changes: object) -> int:
        """A request to register a page."""
        return registry.ask_registration(
            self.database,
            replace(NEW, **changes),  # type: ignore[arg-type]
            asker,
            self.clock.now(),
            platforms=self.service.platforms,
        )

    def ask_sale(self, asker: Asker = ANA, **changes: object) -> int:
        """A request for a fundraiser that began five days ago and runs for three weeks."""
        now = self.clock.now()
        today = now.replace(hour=4, minute=0)  # midnight in Lawrence
        wish = FundraiserWish(
            name="Band car wash",
            purpose="New uniforms for the marching band",
            school="Lawrence High",
            beneficiary="LHS marching band",
            links=("lhs-band.org/wash",),
            accounts=("@lhs-band",),
            starts_at=today - timedelta(days=5),
            ends_at=today + timedelta(days=20),
        )
        return registry.ask_fundraiser(
            self.database,
            replace(wish, **changes),
            asker,
            now,  # type: ignore[arg-type]
        )

    def approve_sale(self, number: int) -> int:
        """The number of the approved fundraiser."""
        role = ApproverRole.SCHOOL_LEADER
        now = self.clock.now()
        return registry.approve_fundraiser(self.database, number, role, RUIZ, now).id


@contextmanager
def open_district(folder: Path) -> Iterator[District]:
    """A service on an empty registry, whose tokens are all there."""
    clock, platform = ManualClock(), FakePlatform()
    service = Service(
        config_on(folder),
        new_database(folder / "modbot.db"),
        shipped_judge(),
        clock=clock,
        environ={"TOKEN": "t", "MODBOT_TOKEN_LHS": "t"},
        alerter=Alerter(()),
        adapters=dict.fromkeys(ADAPTERS, platform),
    )
    try:
        yield District(service, platform, clock)
    finally:
        service.close()


def fill(district: District) -> None:
    """Pages in every state, a week of comments, requests and fundraisers in every state."""
    lhs = _busy_page(district)
    _pages_in_trouble(district, lhs)
    _requests(district)


def _busy_page(district: District) -> FakeAdapter:
    clock = district.clock
    lhs = district.add_page("1001", "Lawrence High School", mode=Mode.ASSIST)
    texts = [
        "Go Lancers!",
        "what the fuck is wrong with you",
        "proud of our band",
        "you are all idiots",
    ]
    for day in range(3):
        for number, text in enumerate(texts * 3):
            lhs.add(f"{text} {day}{number}")
        lhs.add("Selling my old iPhone $200 dm me")
        lhs.add("Car wash this saturday for the band, $10, lhs-band.org/wash")
        district.poll(lhs)
        clock.advance(24 * 3600)
    return lhs


def _pages_in_trouble(district: District, lhs: FakeAdapter) -> None:
    clock = district.clock
    others = [
        district.add_page("guilmette", "Guilmette on X", platform="x", school="Guilmette"),
        district.add_page("UCfrost", "Frost videos", platform="youtube", school="Frost"),
        district.add_page("arlington", "Arlington blog", platform="wordpress", school="Arlington"),
        district.add_page("2002", "Leonard Middle", platform="instagram", school="Leonard"),
        district.add_page("parthum", "Parthum", school="Parthum"),
        district.add_page("tarbox", "Tarbox", school="Tarbox", mode=Mode.OBSERVE),
    ]
    for adapter in (*others[:-1], lhs):
        district.poll(adapter)
    clock.advance(120)
    states: dict[int, dict[str, object]] = {
        0: {
            "needs_login": True,
            "failures": 4,
            "last_error": "AuthExpired: (190/463) session has expired",
            "last_success_at": clock.now() - timedelta(hours=9),
        },
        1: {"usage": 0.93},
        2: {"failures": 2, "last_error": "Unreachable: time-out after 20 s"},
        3: {
            "writes_not_before": clock.now() + timedelta(hours=4),
            "last_error": "WritesBlocked: blocked as abusive",
            "usage": 0.31,
        },
    }
    with district.database.write() as s:
        for number, fields in states.items():
            store.save_page_state(s, others[number].page.id, **fields)
        store.save_page_state(s, lhs.page.id, usage=0.12)
    registry.pause(district.database, "facebook:parthum", LEE, clock.now(), reason="Page is moving")


def _requests(district: District) -> None:
    clock = district.clock
    district.ask_page(name="Lawrence High Drama Club")
    wash = district.approve_sale(district.ask_sale())
    district.ask_sale(
        name="Cheer T-shirt sale",
        purpose="Travel to the state finals",
        beneficiary="LHS cheer",
        links=("lhs-bnad.org/shirts",),
        accounts=("$lhscheer",),
    )
    over = district.approve_sale(
        district.ask_sale(name="Drama club bake sale", links=(), accounts=())
    )
    registry.end_fundraiser(district.database, over, LEE, clock.now())
    district.approve_sale(
        district.ask_sale(
            name="Senior class candy sale",
            links=(),
            accounts=(),
            starts_at=clock.now().replace(hour=4, minute=0) + timedelta(days=4),
        )
    )
    refused = district.ask_sale(name="Phone cases", links=(), accounts=("$jdoe",))
    registry.refuse_request(
        district.database,
        FundraiserRequestRow,
        refused,
        "A private account; ask again with the club's.",
        RUIZ,
        clock.now(),
    )
    assert wash == 1
