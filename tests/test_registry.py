"""The registry: who may be moderated, and that every change is on record under a name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from modbot import audit, registry, store
from modbot.domain import BOT, Actor, Fundraiser, Mode
from modbot.errors import BadConfig, ModbotError, RegistrationRefused, UnknownPage
from modbot.registry import NewPage
from modbot.store import Database
from modbot.tables import AuditRow, FundraiserRow, PageRow
from tests.databases import new_database
from tests.fakes import SCHOOL_DAY

ADA = Actor(kind="person", name="ada")
PLATFORMS = ("facebook", "instagram", "x", "wordpress")
NEW = NewPage(
    platform="facebook",
    external_id="1001",
    name="Lawrence High",
    token_ref="env:FB_TOKEN",
    district_owned=True,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = new_database(tmp_path / "modbot.db")
    yield opened
    opened.close()


def add(database: Database, new: NewPage = NEW, actor: Actor = ADA) -> str:
    return registry.add_page(database, new, actor, SCHOOL_DAY, platforms=PLATFORMS).id


def audited(database: Database) -> list[tuple[str, str, str]]:
    with database.read() as s:
        rows = s.scalars(select(AuditRow).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]
        return [(row.kind, row.actor, row.row_id) for row in rows]


def newest_vouches_for(database: Database, table: type, row_id: object) -> bool:
    with database.read() as s:
        newest = s.scalars(select(AuditRow).order_by(AuditRow.seq.desc())).first()  # type: ignore[attr-defined]
        return bool(newest.row_sha256 == audit.evidence_sha256(s.get(table, row_id)))


def test_a_new_page_starts_in_observe_and_is_on_record(database: Database) -> None:
    assert add(database) == "facebook:1001"
    with database.read() as s:
        page = store.page(s, "facebook:1001")
        row = s.get(PageRow, "facebook:1001")
    assert (page.mode, page.paused, page.token_ref) == (Mode.OBSERVE, False, "env:FB_TOKEN")
    assert row is not None and row.district_owned
    assert (row.registered_by, row.registered_at) == ("ada", SCHOOL_DAY)
    assert audited(database) == [("page.added", "ada", "facebook:1001")]
    assert newest_vouches_for(database, PageRow, "facebook:1001")
    assert audit.verify(database).ok


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"district_owned": False}, "personal page", id="a person's page"),
        pytest.param({"platform": "myspace"}, "unknown platform; one of", id="unknown platform"),
        pytest.param({"name": "  "}, "name is missing", id="no name"),
        pytest.param(
            {"platform": "x", "government_use": "asked", "handle": "@LawrencePublicSchools"},
            "handle on X has 1 to 15",
            id="long handle",
        ),
        pytest.param(
            {"platform": "x", "government_use": "asked", "handle": "lps.schools"},
            "handle on X has 1 to 15",
            id="handle with a dot",
        ),
        pytest.param({"name": "x" * 201}, "longer than 200", id="long name"),
        pytest.param({"external_id": ""}, "id is missing", id="no id"),
        pytest.param({"external_id": "10 01"}, "spaces or control", id="blank in the id"),
        pytest.param({"external_id": "1\n2"}, "spaces or control", id="break in the id"),
        pytest.param({"external_id": "1\udcff"}, "spaces or control", id="id that is no text"),
        pytest.param({"platform": "x"}, "Enterprise plan", id="X without the vendor's answer"),
        pytest.param(
            {"platform": "x", "government_use": " "}, "Enterprise plan", id="X, blank answer"
        ),
        pytest.param({"platform": "wordpress"}, "needs the address", id="WordPress, no address"),
        pytest.param({"base_url": "http://example.org"}, "https://", id="plain http"),
        pytest.param({"base_url": "http://127.0.0.1.example.org"}, "https://", id="like loopback"),
        pytest.param({"base_url": "ftp://example.org"}, "https://", id="ftp"),
        pytest.param({"base_url": "example.org"}, "https://", id="no scheme"),
        pytest.param({"base_url": "https://"}, "https://", id="no host"),
        pytest.param({"base_url": "https://u:p@example.org"}, "user or password", id="with a user"),
        pytest.param({"base_url": "https://example.org/?a=1"}, "must not hold", id="with a query"),
        pytest.param({"base_url": "https://[::1"}, "not a web address", id="half an address"),
        pytest.param({"base_url": "https://h:99999"}, "not a web address", id="port too high"),
        pytest.param({"base_url": "https://a\nb"}, "https://", id="break in the address"),
    ],
)
def test_a_page_that_may_not_be_registered_is_refused_and_leaves_nothing(
    database: Database, changes: dict[str, object], says: str
) -> None:
    with pytest.raises(RegistrationRefused, match=says):
        add(database, replace(NEW, **changes))  # type: ignore[arg-type]
    assert audited(database) == []
    assert registry.list_pages(database) == []


def test_a_token_in_place_of_its_name_is_refused_and_not_repeated(database: Database) -> None:
    with pytest.raises(BadConfig) as caught:
        add(database, replace(NEW, token_ref="EAABcanary"))
    assert "canary" not in str(caught.value)
    add(database)
    with pytest.raises(BadConfig):
        registry.set_token_ref(database, "facebook:1001", "EAABcanary", ADA, SCHOOL_DAY)


@pytest.mark.parametrize(
    "address",
    ["https://blog.example.org/en", "http://127.0.0.1:8000", "http://localhost", "http://[::1]:80"],
)
def test_encrypted_addresses_and_this_machine_are_accepted(
    database: Database, address: str
) -> None:
    page_id = add(database, replace(NEW, platform="wordpress", base_url=address + "/"))
    with database.read() as s:
        assert store.page(s, page_id).base_url == address


def test_x_is_registered_with_what_the_vendor_answered(database: Database) -> None:
    page_id = add(database, replace(NEW, platform="x", government_use="Enterprise, says J. Ruiz"))
    with database.read() as s:
        row = s.get(PageRow, page_id)
        assert row is not None and row.government_use == "Enterprise, says J. Ruiz"


def test_a_handle_on_x_may_be_written_with_its_sign(database: Database) -> None:
    use = "Ada Diaz: X agreed on 2026-10-01"
    assert add(database, replace(NEW, platform="x", government_use=use, handle="@LPS_Lawrence"))


def test_the_same_account_is_registered_once(database: Database) -> None:
    add(database)
    with pytest.raises(RegistrationRefused, match="registered already"):
        add(database, replace(NEW, name="Another name"))


@pytest.mark.parametrize("actor", [BOT, Actor(kind="person", name=" ")])
def test_only_a_named_person_changes_the_registry(database: Database, actor: Actor) -> None:
    with pytest.raises(RegistrationRefused):
        add(database, actor=actor)
    add(database)
    with pytest.raises(RegistrationRefused):
        registry.set_mode(database, "facebook:1001", Mode.ENFORCE, actor, SCHOOL_DAY)
    assert len(audited(database)) == 1


def test_every_change_is_on_record_with_before_and_after(database: Database) -> None:
    page = add(database)
    later = SCHOOL_DAY + timedelta(hours=1)
    assert registry.set_mode(database, page, Mode.ENFORCE, ADA, later).mode is Mode.ENFORCE
    assert newest_vouches_for(database, PageRow, page)
    assert registry.pause(database, page, ADA, later).paused
    assert not registry.resume(database, page, ADA, later).paused
    changed = registry.set_token_ref(database, page, "file:/run/fb", ADA, later)
    assert changed.token_ref == "file:/run/fb"
    assert newest_vouches_for(database, PageRow, page)
    kinds = ["page.added", "page.mode", "page.paused", "page.resumed", "page.token_ref"]
    assert audited(database) == [(kind, "ada", page) for kind in kinds]
    with database.read() as s:
        detail = s.scalars(select(AuditRow.detail).where(AuditRow.kind == "page.mode")).one()
    assert detail == '{"after":{"mode":"enforce"},"before":{"mode":"observe"}}'
    assert audit.verify(database).ok


def test_a_change_that_changes_nothing_leaves_no_record(database: Database) -> None:
    page = add(database)
    registry.set_mode(database, page, Mode.OBSERVE, ADA, SCHOOL_DAY)
    registry.resume(database, page, ADA, SCHOOL_DAY)
    assert len(audited(database)) == 1


@pytest.mark.parametrize("page_id", ["facebook:9", "", "x\udcff", "' OR 1=1 --"])
def test_an_unregistered_page_cannot_be_changed(database: Database, page_id: str) -> None:
    add(database)
    with pytest.raises(UnknownPage):
        registry.pause(database, page_id, ADA, SCHOOL_DAY)


def test_the_list_shows_where_polling_stands(database: Database) -> None:
    page = add(database)
    with database.write() as s:
        store.save_page_state(s, page, failures=3, needs_login=True, last_error="AuthExpired")
    other = add(database, replace(NEW, external_id="1002"))
    first, second = registry.list_pages(database)
    assert (first.page.id, first.failures, first.needs_login) == (page, 3, True)
    assert first.last_error == "AuthExpired"
    assert (second.page.id, second.failures, second.last_success_at) == (other, 0, None)


def test_an_approved_fundraiser_is_let_through_until_it_ends(database: Database) -> None:
    tomorrow = SCHOOL_DAY + timedelta(days=1)
    made = registry.add_fundraiser(
        database,
        name="Band candy",
        details="lhsband.example.org",
        approved_by="Dr. Lee",
        actor=ADA,
        now=SCHOOL_DAY,
        ends_at=tomorrow,
    )
    assert (made.approved_by, made.approved_at) == ("Dr. Lee", SCHOOL_DAY)
    with database.read() as s:
        assert store.approved_fundraisers(s, SCHOOL_DAY) == (
            Fundraiser(name="Band candy", details="lhsband.example.org", ends_at=tomorrow),
        )
        assert store.approved_fundraisers(s, tomorrow) == ()
    assert registry.list_fundraisers(database, SCHOOL_DAY) == [made]
    assert registry.list_fundraisers(database, tomorrow) == []
    assert registry.list_fundraisers(database) == [made]
    assert newest_vouches_for(database, FundraiserRow, made.id)


def test_an_approval_keeps_where_the_money_may_go_and_who_answers_for_it(
    database: Database,
) -> None:
    tomorrow = SCHOOL_DAY + timedelta(days=1)
    made = registry.add_fundraiser(
        database,
        name="Band candy",
        approved_by="Dr. Lee",
        approver_role="Principal",
        links=["lhs-band.org/candy", " lhs-band.org/candy "],
        accounts=["$lhsband"],
        actor=ADA,
        now=SCHOOL_DAY,
        starts_at=tomorrow,
    )
    assert (made.approver_role, made.links) == ("Principal", ("lhs-band.org/candy",))
    with database.read() as s:
        assert store.approved_fundraisers(s, SCHOOL_DAY) == ()
        (running,) = store.approved_fundraisers(s, tomorrow)
    assert (running.accounts, running.runs_at(SCHOOL_DAY)) == (("$lhsband",), False)
    assert newest_vouches_for(database, FundraiserRow, made.id)
    with database.write() as s:
        row = s.get(FundraiserRow, made.id)
        assert row is not None
        row.accounts = ["$somebodyelse"]
    assert not audit.verify(database).ok


def test_ending_an_approval_takes_effect_at_once_and_is_on_record_once(
    database: Database,
) -> None:
    made = registry.add_fundraiser(
        database, name="Candles", approved_by="Dr. Lee", actor=ADA, now=SCHOOL_DAY
    )
    later = SCHOOL_DAY + timedelta(hours=2)
    for hours in (0, 1):
        ended = registry.end_fundraiser(database, made.id, ADA, later + timedelta(hours=hours))
        assert ended.ends_at == later
    with database.read() as s:
        assert store.approved_fundraisers(s, later) == ()
    kinds = ["fundraiser.added", "fundraiser.ended"]
    assert audited(database) == [(kind, "ada", str(made.id)) for kind in kinds]
    assert newest_vouches_for(database, FundraiserRow, made.id)
    assert audit.verify(database).ok


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        pytest.param({"name": ""}, "name is missing", id="no name"),
        pytest.param({"approved_by": " "}, "who approved it", id="nobody approved it"),
        pytest.param({"details": "x" * 2001}, "longer than 2000", id="long details"),
        pytest.param({"ends_at": SCHOOL_DAY}, "has passed", id="over already"),
        pytest.param({"actor": BOT}, "only a person", id="by the bot"),
        pytest.param({"links": ["our page"]}, "is no link", id="no link"),
        pytest.param(
            {"accounts": ["x"] * 2 + list("abcdefghijklmnopqrstu")}, "more than 20", id="many"
        ),
        pytest.param({"accounts": [" "]}, "account is missing", id="empty account"),
        pytest.param({"approver_role": "x" * 201}, "role is longer", id="long role"),
        pytest.param(
            {
                "starts_at": SCHOOL_DAY + timedelta(days=2),
                "ends_at": SCHOOL_DAY + timedelta(days=1),
            },
            "before it starts",
            id="ends before it starts",
        ),
    ],
)
def test_an_approval_that_says_too_little_is_refused(
    database: Database, changes: dict[str, object], says: str
) -> None:
    fields = {"name": "Candles", "approved_by": "Dr. Lee", "actor": ADA, "now": SCHOOL_DAY}
    with pytest.raises(ModbotError, match=says):
        registry.add_fundraiser(database, **{**fields, **changes})  # type: ignore[arg-type]
    assert audited(database) == []


@pytest.mark.parametrize("number", [1, 0, -1, 2**70])
def test_a_fundraiser_that_is_not_there_cannot_be_ended(database: Database, number: int) -> None:
    with pytest.raises(RegistrationRefused, match="no fundraiser has the number"):
        registry.end_fundraiser(database, number, ADA, SCHOOL_DAY)


def test_names_that_the_database_cannot_hold_are_written_out(database: Database) -> None:
    page = add(database, replace(NEW, name="a\udcff\x00b"), Actor(kind="person", name="a\udcff"))
    with database.read() as s:
        assert store.page(s, page).name == "a\\udcff\\u0000b"
    assert audited(database)[0][1] == "a\\udcff"
