"""What a request to register a page or approve a fundraiser must say, field by field."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from modbot import registry, store
from modbot.errors import RegistrationRefused
from modbot.registry import TokenPlaces
from modbot.store import Database
from tests.databases import new_database
from tests.fakes import SCHOOL_DAY
from tests.test_requests import GIVEN, PLACES, PLATFORMS, WISH, approve, ask, audited
from tests.web.district import ANA, NEW


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = new_database(tmp_path / "modbot.db")
    yield opened
    opened.close()


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
