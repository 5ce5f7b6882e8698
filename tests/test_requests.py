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
        request = registry.registration(s, number)
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
        registry.refuse_registration(database, number, " ", RUIZ, SCHOOL_DAY)
    registry.refuse_registration(database, number, "A personal page.", RUIZ, SCHOOL_DAY)
    with database.read() as s:
        row = registry.registration(s, number)
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
        registry.refuse_registration(database, number, "late", RUIZ, SCHOOL_DAY)
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
        registry.refuse_registration(database, number, "no", nobody, SCHOOL_DAY)
    assert len(audited(database)) == 1


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        pytest.param({"platform": "myspace"}, "platform", "missing", id="unknown platform"),
        pytest.param({"district_owned": False}, "district_owned", "not_owned", id="personal"),
        pytest.param({"name": " "}, "name", "missing", id="no name"),
        pytest.param({"school": ""}, "school", "missing", id="no school"),
        pytest.param({"manager": ""}, "manager", "missing", id="nobody runs it"),
        pytest.param({"administrator": ""}, "administrator", "missing", id="nobody in charge"),
        pytest.param({"contact": ""}, "contact", "missing", id="no contact"),
        pytest.param({"purpose": ""}, "purpose", "missing", id="no purpose"),
        pytest.param({"purpose": "x" * 2001}, "purpose", "too_long", id="long purpose"),
        pytest.param({"handle": "x" * 201}, "handle", "too_long", id="long handle"),
        pytest.param({"external_id": "a/b"}, "external_id", "no_id", id="slash in the id"),
        pytest.param({"external_id": "a b"}, "external_id", "no_id", id="blank in the id"),
        pytest.param({"external_id": "ａ1"}, "external_id", "no_id", id="full-width id"),
        pytest.param({"address": ""}, "address", "which", id="which account"),
        pytest.param(
            {"address": "https://" + "x" * 1000}, "address", "too_long", id="long address"
        ),
        pytest.param({"address": "javascript:alert(1)"}, "address", "not_https", id="javascript"),
        pytest.param({"address": "file:///etc/passwd"}, "address", "not_https", id="file"),
        pytest.param({"address": "data:text/html,x"}, "address", "not_https", id="data"),
        pytest.param({"address": "http://example.org"}, "address", "not_https", id="plain http"),
        pytest.param({"address": "http://127.0.0.1:8080"}, "address", "not_public", id="here"),
        pytest.param({"address": "https://u:p@example.org"}, "address", "with_user", id="user"),
        pytest.param({"platform": "x"}, "government_use", "enterprise", id="X without an answer"),
        pytest.param(
            {"platform": "wordpress", "address": ""}, "address", "missing", id="no site address"
        ),
        pytest.param(
            {"platform": "wordpress", "address": "https://a.org/?x=1"},
            "address",
            "with_query",
            id="query of a site",
        ),
    ],
)
def test_a_request_that_says_too_little_is_told_by_field(
    database: Database, changes: dict[str, object], field: str, why: str
) -> None:
    new = replace(NEW, **changes)  # type: ignore[arg-type]
    problems = list(registry.registration_problems(new, PLATFORMS))
    assert [(p.field, p.why) for p in problems] == [(field, why)]
    with pytest.raises(RegistrationRefused):
        ask(database, **changes)
    assert audited(database) == []


@pytest.mark.parametrize(
    "host",
    [
        *("localhost", "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0x7f.0.0.1", "[::1]"),
        *("169.254.169.254", "10.0.0.5", "192.168.1.1", "[fd00::1]", "[::ffff:127.0.0.1]"),
        *("intranet", "modbot.local", "db.internal", "a.localhost", "localhost.", "router.lan"),
        *("１２７.0.0.1", "127。0。0。1", "exämple.org", "8.8.8.8", "127.0.0.1.", "017700000001"),
    ],
)
def test_an_address_that_leads_to_this_machine_or_network_is_refused(host: str) -> None:
    for platform in ("wordpress", "feed", "facebook"):
        new = replace(NEW, platform=platform, address=f"https://{host}/x")
        problems = list(registry.registration_problems(new, PLATFORMS))
        assert [p.why for p in problems] == ["not_public"], host


@pytest.mark.parametrize("host", ["blog.example.org", "lps.k12.ma.us", "xn--exmple-cua.org"])
def test_a_public_name_is_accepted(host: str) -> None:
    new = replace(NEW, platform="wordpress", address=f"https://{host}:8443/blog")
    assert list(registry.registration_problems(new, PLATFORMS)) == []


@pytest.mark.parametrize(
    ("ref", "why"),
    [
        ("", "missing"),
        (" ", "missing"),
        ("EAABcanary", "no_reference"),
        ("env:", "no_reference"),
        ("file:", "no_reference"),
        ("env:HOME", "other_place"),
        ("env:modbot_token_x", "other_place"),
        ("file:/etc/passwd", "other_place"),
        ("file:/etc/modbot/tokens", "other_place"),
        ("file:/etc/modbot/tokens/", "other_place"),
        ("file:/etc/modbot/tokens/../checkpoint.key", "other_place"),
        ("file:/etc/modbot/tokens-old/x", "other_place"),
        ("file:tokens/x", "other_place"),
        ("file:/proc/self/environ", "other_place"),
    ],
)
def test_a_token_may_be_named_in_its_places_only(database: Database, ref: str, why: str) -> None:
    number = ask(database)
    given = replace(GIVEN, token_ref=ref)
    (problem,) = registry.approval_problems("facebook", given, (), PLACES)
    assert (problem.field, problem.why) == ("token_ref", why)
    assert "canary" not in problem.says + problem.what
    with pytest.raises(RegistrationRefused):
        approve(database, number, given)
    assert registry.list_pages(database) == []


def test_another_pages_token_is_not_sent_to_an_address_that_somebody_wrote(
    database: Database,
) -> None:
    approve(database, ask(database))
    site = ask(database, platform="wordpress", address="https://blog.example.org")
    with pytest.raises(RegistrationRefused, match="each site needs one of its own"):
        approve(database, site, replace(GIVEN, external_id="blog"))
    approve(database, ask(database, platform="instagram"), replace(GIVEN, external_id="7"))
    own = replace(GIVEN, external_id="blog", token_ref="env:MODBOT_TOKEN_BLOG")
    assert approve(database, site, own) == "wordpress:blog"
    with database.read() as s:
        pages = store.pages(s)
    found = registry.token_problems("wordpress", GIVEN.token_ref, pages, PLACES)
    assert [problem.why for problem in found] == ["used"]


def test_a_link_out_of_the_token_folder_is_followed(tmp_path: Path) -> None:
    folder = tmp_path / "tokens"
    (folder / "deep").mkdir(parents=True)
    (folder / "fb").write_text("t")
    (folder / "out").symlink_to("/etc/passwd")
    places = TokenPlaces(folders=(str(folder),), variables="MODBOT_TOKEN_")
    assert list(places.problems(f"file:{folder}/fb")) == []
    assert list(places.problems(f"file:{folder}/deep/not-yet")) == []
    assert [p.why for p in places.problems(f"file:{folder}/out")] == ["other_place"]


@pytest.mark.parametrize("external_id", ["", "a/b", "a?b", "..%2f", "1\n2", "a:b", "x" * 201])
def test_an_id_that_is_no_word_is_refused(database: Database, external_id: str) -> None:
    number = ask(database)
    with pytest.raises(RegistrationRefused):
        approve(database, number, replace(GIVEN, external_id=external_id))


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
        registry.refuse_fundraiser(database, number, "x", RUIZ, SCHOOL_DAY)
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


@pytest.mark.parametrize(
    ("changes", "field", "why"),
    [
        pytest.param({"name": ""}, "name", "missing", id="no name"),
        pytest.param({"purpose": ""}, "purpose", "missing", id="no purpose"),
        pytest.param({"school": ""}, "school", "missing", id="no school"),
        pytest.param({"beneficiary": ""}, "beneficiary", "missing", id="nobody benefits"),
        pytest.param({"ends_at": None}, "ends", "missing", id="no end"),
        pytest.param(
            {"ends_at": SCHOOL_DAY - timedelta(1), "starts_at": None}, "ends", "over", id="over"
        ),
        pytest.param({"links": ("our page",)}, "links", "no_link", id="no link"),
        pytest.param({"links": ("javascript://a.b",)}, "links", "no_link", id="javascript"),
        pytest.param({"links": ("file://a.b/c",)}, "links", "no_link", id="file"),
        pytest.param({"accounts": ("x" * 201,)}, "accounts", "too_long", id="long account"),
        pytest.param({"accounts": tuple(map(str, range(21)))}, "accounts", "too_many", id="many"),
    ],
)
def test_a_sale_that_says_too_little_is_told_by_field(
    database: Database, changes: dict[str, object], field: str, why: str
) -> None:
    wish = replace(WISH, **changes)  # type: ignore[arg-type]
    assert (field, why) in [(p.field, p.why) for p in registry.wish_problems(wish, SCHOOL_DAY)]
    with pytest.raises(RegistrationRefused):
        registry.ask_fundraiser(database, wish, ANA, SCHOOL_DAY)


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
