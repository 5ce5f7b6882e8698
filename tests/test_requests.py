"""Requests to register a page or approve a fundraiser: each answered once, on record, by two."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from modbot import audit, registry, store
from modbot.domain import BOT, Actor, Mode
from modbot.errors import ChangedMeanwhile, RegistrationRefused, UnknownRequest
from modbot.registry import Approval, Approver, ApproverRole, Asker, FundraiserWish, TokenPlaces
from modbot.store import Database
from modbot.tables import AuditRow, FundraiserRequestRow, PageRow, RegistrationRow
from tests.databases import new_database
from tests.fakes import SCHOOL_DAY
from tests.web.district import ANA, NEW, RUIZ

PLATFORMS = ("facebook", "instagram", "x", "wordpress", "feed", "manual")
PLACES = TokenPlaces(folders=("/etc/modbot/tokens",), variables="MODBOT_TOKEN_")
GIVEN = Approval(external_id="1001", token_ref="env:MODBOT_TOKEN_LHS")
WISH = FundraiserWish(
    name="Band car wash",
    purpose="Uniforms",
    school="Lawrence High",
    beneficiary="The band",
    links=("lhs-band.org/wash", " lhs-band.org/wash "),
    accounts=("@lhs-band",),
    starts_at=SCHOOL_DAY,
    ends_at=SCHOOL_DAY + timedelta(days=9),
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = new_database(tmp_path / "modbot.db")
    yield opened
    opened.close()


def ask(database: Database, asker: Asker = ANA, **changes: object) -> int:
    new = replace(NEW, **changes)  # type: ignore[arg-type]
    return registry.ask_registration(database, new, asker, SCHOOL_DAY, platforms=PLATFORMS)


def approve(
    database: Database, number: int, given: Approval = GIVEN, approver: Approver = RUIZ
) -> str:
    page = registry.approve_registration(
        database, number, given, approver, SCHOOL_DAY, places=PLACES
    )
    return page.id


def audited(database: Database) -> list[tuple[str, str, str]]:
    with database.read() as s:
        rows = s.scalars(select(AuditRow).order_by(AuditRow.seq)).all()  # type: ignore[arg-type]
        return [(row.kind, row.actor, row.row_id) for row in rows]


def test_a_request_becomes_a_page_in_observe_with_all_that_was_written(
    database: Database,
) -> None:
    number = ask(database)
    page_id = approve(database, number)
    with database.read() as s:
        page, row = store.page(s, page_id), s.get_one(PageRow, page_id)
        request = registry.request(s, RegistrationRow, number)
    assert (page.id, page.mode, page.token_ref) == (
        "facebook:1001",
        Mode.OBSERVE,
        "env:MODBOT_TOKEN_LHS",
    )
    assert page.base_url == "", "an address would lead the token to another host"
    assert (row.school, row.manager, row.administrator) == (
        NEW.school,
        NEW.manager,
        NEW.administrator,
    )
    assert (row.purpose, row.contact, row.registered_by) == (NEW.purpose, NEW.contact, "A. Ruiz")
    assert (request.state, request.page_id, request.answered_by) == ("approved", page_id, "A. Ruiz")
    assert audited(database) == [
        ("registration.requested", "Ana Peña", "1"),
        ("page.added", "A. Ruiz", page_id),
        ("registration.approved", "A. Ruiz", "1"),
    ]
    assert audit.verify(database).ok


@pytest.mark.parametrize("platform", ["wordpress", "feed"])
def test_the_address_is_read_where_the_platform_has_none_of_its_own(
    database: Database, platform: str
) -> None:
    number = ask(database, platform=platform, address="https://blog.example.org/feed")
    token = GIVEN.token_ref if platform == "wordpress" else ""
    page_id = approve(database, number, Approval(external_id="blog", token_ref=token))
    with database.read() as s:
        assert store.page(s, page_id).base_url == "https://blog.example.org/feed"


def test_a_refusal_has_a_reason_and_registers_nothing(database: Database) -> None:
    number = ask(database)
    with pytest.raises(RegistrationRefused, match="reason is missing"):
        registry.refuse_request(database, RegistrationRow, number, " ", RUIZ, SCHOOL_DAY)
    registry.refuse_request(database, RegistrationRow, number, "A personal page.", RUIZ, SCHOOL_DAY)
    with database.read() as s:
        row = registry.request(s, RegistrationRow, number)
        assert (row.state, row.answer) == ("refused", "A personal page.")
    assert registry.list_pages(database) == []
    assert audited(database)[-1] == ("registration.refused", "A. Ruiz", "1")
    assert audit.verify(database).ok


def test_a_request_is_answered_once(database: Database) -> None:
    number = ask(database)
    approve(database, number)
    before = audited(database)
    with pytest.raises(ChangedMeanwhile, match=r"answered by A\. Ruiz"):
        approve(database, number, replace(GIVEN, external_id="1002"))
    with pytest.raises(ChangedMeanwhile):
        registry.refuse_request(database, RegistrationRow, number, "late", RUIZ, SCHOOL_DAY)
    assert audited(database) == before


def test_two_approvals_at_once_make_one_page(database: Database) -> None:
    number, ready, ends = ask(database), threading.Barrier(4), list[str]()

    def try_it(external_id: str) -> None:
        ready.wait()
        try:
            ends.append(approve(database, number, replace(GIVEN, external_id=external_id)))
        except ChangedMeanwhile:
            ends.append("late")

    threads = [threading.Thread(target=try_it, args=(str(1000 + n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ends)[1:] == ["late"] * 3
    assert len(registry.list_pages(database)) == 1
    assert [kind for kind, _, _ in audited(database)].count("registration.approved") == 1
    assert audit.verify(database).ok


def test_nobody_approves_his_own_request_unless_nobody_else_could(database: Database) -> None:
    page, sale = ask(database, RUIZ), registry.ask_fundraiser(database, WISH, RUIZ, SCHOOL_DAY)
    with pytest.raises(RegistrationRefused, match="somebody else"):
        approve(database, page)
    role = ApproverRole.DESIGNEE
    with pytest.raises(RegistrationRefused, match="somebody else"):
        registry.approve_fundraiser(database, sale, role, RUIZ, SCHOOL_DAY)
    alone = replace(RUIZ, alone=True)
    assert approve(database, page, approver=alone) == "facebook:1001"
    assert registry.approve_fundraiser(database, sale, role, alone, SCHOOL_DAY).id == 1


def test_a_namesake_is_another_person(database: Database) -> None:
    number = ask(database, Asker(actor=RUIZ.actor, id=RUIZ.id + 1))
    assert approve(database, number) == "facebook:1001"


@pytest.mark.parametrize("actor", [BOT, Actor(kind="person", name=" ")])
def test_only_a_named_person_asks_and_answers(database: Database, actor: Actor) -> None:
    nobody = Approver(actor=actor, id=1)
    with pytest.raises(RegistrationRefused):
        ask(database, nobody)
    with pytest.raises(RegistrationRefused):
        registry.ask_fundraiser(database, WISH, nobody, SCHOOL_DAY)
    number = ask(database)
    with pytest.raises(RegistrationRefused):
        approve(database, number, approver=nobody)
    with pytest.raises(RegistrationRefused):
        registry.refuse_request(database, RegistrationRow, number, "no", nobody, SCHOOL_DAY)
    assert len(audited(database)) == 1


def test_an_account_that_is_registered_is_not_registered_again(database: Database) -> None:
    first, second = ask(database), ask(database, name="The same")
    approve(database, first)
    with database.read() as s:
        (problem,) = registry.approval_problems("facebook", GIVEN, store.pages(s), PLACES)
    assert (problem.field, problem.why) == ("external_id", "taken")
    with pytest.raises(RegistrationRefused, match="registered already"):
        approve(database, second)


@pytest.mark.parametrize("number", [7, 2**62])
def test_an_unknown_request_is_told(database: Database, number: int) -> None:
    with pytest.raises(UnknownRequest):
        approve(database, number)
    with pytest.raises(UnknownRequest):
        registry.refuse_request(database, FundraiserRequestRow, number, "x", RUIZ, SCHOOL_DAY)
    with database.read() as s, pytest.raises(UnknownRequest):
        registry.fundraiser(s, number)


def test_an_approved_sale_names_its_approver_and_role(database: Database) -> None:
    number = registry.ask_fundraiser(database, WISH, ANA, SCHOOL_DAY)
    role = ApproverRole.SUPERINTENDENT
    made = registry.approve_fundraiser(database, number, role, RUIZ, SCHOOL_DAY)
    assert (made.approved_by, made.approver_role) == ("A. Ruiz", "superintendent")
    assert (made.links, made.accounts) == (("lhs-band.org/wash",), ("@lhs-band",))
    with database.read() as s:
        row = registry.request_of(s, made.id)
        assert row is not None
        assert (row.state, row.fundraiser_id, row.answer_role) == ("approved", 1, "superintendent")
        assert len(store.approved_fundraisers(s, SCHOOL_DAY)) == 1
    assert [kind for kind, _, _ in audited(database)] == [
        "fundraiser_request.requested",
        "fundraiser.added",
        "fundraiser_request.approved",
    ]
    assert audit.verify(database).ok


def test_a_sale_whose_last_day_has_passed_cannot_be_approved(database: Database) -> None:
    number = registry.ask_fundraiser(database, WISH, ANA, SCHOOL_DAY)
    later = SCHOOL_DAY + timedelta(days=10)
    with pytest.raises(RegistrationRefused, match="end has passed"):
        registry.approve_fundraiser(database, number, ApproverRole.DESIGNEE, RUIZ, later)


@pytest.mark.parametrize("change", ["answer = 'x'", "asked_by = 'Eve'", "state = 'refused'"])
@pytest.mark.parametrize("table", [RegistrationRow, FundraiserRequestRow])
def test_a_request_that_was_tampered_with_is_found(
    database: Database, table: type[RegistrationRow], change: str
) -> None:
    ask(database)
    registry.ask_fundraiser(database, WISH, ANA, SCHOOL_DAY)
    assert audit.verify(database).ok
    with database.write() as s:
        s.connection().exec_driver_sql(f"UPDATE {table.__tablename__} SET {change}")
    (problem,) = audit.verify(database).problems
    assert (problem.table, problem.kind) == (table.__tablename__, "changed")


def test_a_mode_that_somebody_else_changed_is_not_changed_over_it(database: Database) -> None:
    page = approve(database, ask(database))
    ruiz = RUIZ.actor
    registry.set_mode(
        database, page, Mode.ASSIST, ruiz, SCHOOL_DAY, seen=Mode.OBSERVE, reason="Ready"
    )
    with pytest.raises(ChangedMeanwhile):
        registry.set_mode(database, page, Mode.ENFORCE, ruiz, SCHOOL_DAY, seen=Mode.OBSERVE)
    with database.read() as s:
        assert store.page(s, page).mode is Mode.ASSIST
        detail = s.scalars(select(AuditRow.detail).where(AuditRow.kind == "page.mode")).one()
    assert detail == '{"after":{"mode":"assist"},"before":{"mode":"observe"},"reason":"Ready"}'
