"""Offers of approved fundraisers, of what imitates them, and of what is only like them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from classifiers.links import link_of, links_in
from classifiers.rules import RulesClassifier
from modbot.domain import Category, Comment, Fundraiser, Signal

RULES = Path(__file__).parents[2] / "config" / "rules"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
CHEER = Fundraiser(
    name="LHS Cheer T-shirt sale",
    links=("lhs-cheer.com", "https://fund.example/lhs-cheer"),
    accounts=("@lhs-cheer", "978-555-0100"),
)


@pytest.fixture(scope="module")
def rules() -> RulesClassifier:
    return RulesClassifier.load(RULES)


def sales(
    rules: RulesClassifier, text: str, *approved: Fundraiser | str, at: datetime = NOON
) -> list[Signal]:
    comment = Comment(
        page_id="facebook:1",
        platform="facebook",
        id="1",
        post_id="1",
        text=text,
        created_at=at,
        approved_fundraisers=approved or (CHEER,),
    )
    return [s for s in rules.classify([comment])[0] if s.category is Category.SALES]


def told(found: list[Signal]) -> Mapping[str, str]:
    return {signal.evidence.rule: signal.evidence.note for signal in found}


@pytest.mark.parametrize(
    "text",
    [
        "cheer t-shirts for sale, $15 each, order at lhs-cheer.com",
        "cheer shirts for sale $15, www.LHS-Cheer.com/order?size=m",
        "cheer shirts for sale $15 at https://fund.example/lhs-cheer/2026",
        "vendo camisetas de cheer, $15, venmo @lhs-cheer",
        "cheer shirts for sale, $15, call (978) 555 0100",
        "cheer shirts for sale $15 at the blue table",
    ],
)
def test_an_approved_offer_with_its_own_link_and_account_is_cleared(
    rules: RulesClassifier, text: str
) -> None:
    assert sales(rules, text) == []


@pytest.mark.parametrize(
    "host",
    [
        "lhs-ch3er.com",
        "lhs-cher.com",
        "lhs-hceer.com",
        "lhs-cheеr.com",  # the fourth e is Cyrillic
        "lhscheer.com",
        "lhs-cheer.net",
        "lhs-cheer.com.pay-now.info",
        "lhs-cheer.shop-online.xyz",
        "xn--lhs-cher-i8g.com",
    ],
)
def test_a_look_alike_of_an_approved_link_is_hidden_and_says_what_differs(
    rules: RulesClassifier, host: str
) -> None:
    (signal,) = [
        s
        for s in sales(rules, f"shirts are here {host}/buy")
        if s.evidence.rule == "fundraisers:look_alike_link"
    ]
    assert signal.score == 1.0
    assert signal.evidence.text == f"{host}/buy"
    assert signal.evidence.note.endswith("is not the approved lhs-cheer.com")


def test_the_note_names_the_link_as_it_was_written(rules: RulesClassifier) -> None:
    found = told(sales(rules, "order at lhs-ch3er.com"))
    assert found == {
        "fundraisers:look_alike_link": "link lhs-ch3er.com is not the approved lhs-cheer.com"
    }


@pytest.mark.parametrize("host", ["lawrence-cheese.org", "cheer.org", "lps.example.org"])
def test_another_site_is_no_look_alike(rules: RulesClassifier, host: str) -> None:
    assert "fundraisers:look_alike_link" not in told(sales(rules, f"recipes at {host}"))


@pytest.mark.parametrize(
    ("text", "rule", "note"),
    [
        (
            "cheer shirts $15, order at https://fund.example/lhs-soccer",
            "fundraisers:other_link",
            "link fund.example/lhs-soccer is not the approved"
            " lhs-cheer.com or fund.example/lhs-cheer",
        ),
        (
            "cheer shirts $15 bit.ly/3xYz",
            "fundraisers:shortened_link",
            "link bit.ly/3xYz hides where it leads; it is not the approved"
            " lhs-cheer.com or fund.example/lhs-cheer",
        ),
        (
            "cheer shirts $15 http://3627734734/buy",
            "fundraisers:shortened_link",
            "link 216.58.214.206/buy hides where it leads; it is not the approved"
            " lhs-cheer.com or fund.example/lhs-cheer",
        ),
        (
            "cheer shirts $15, pay $cheermom27",
            "fundraisers:other_account",
            "account $cheermom27 is not the approved @lhs-cheer or 978-555-0100",
        ),
        (
            "camisetas de cheer a $15, llamen al 978-555-0199",
            "fundraisers:other_account",
            "account 978-555-0199 is not the approved @lhs-cheer or 978-555-0100",
        ),
        (
            "cheer shirts $15, inbox me",
            "fundraisers:private_contact",
            "a private contact is not approved for LHS Cheer T-shirt sale",
        ),
    ],
)
def test_an_approved_name_with_another_way_to_pay_is_hidden(
    rules: RulesClassifier, text: str, rule: str, note: str
) -> None:
    found = sales(rules, text)
    assert told(found)[rule] == note
    assert max(signal.score for signal in found) == 1.0


def test_a_name_alone_approves_no_link_and_no_account(rules: RulesClassifier) -> None:
    name = "LHS Cheer T-shirt sale"
    assert sales(rules, "cheer shirts for sale $15 at the blue table", name) == []
    found = told(sales(rules, "cheer shirts for sale $15 at lhs-cheer.com", name))
    assert found["fundraisers:other_link"] == f"link lhs-cheer.com is not approved for {name}"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("selling cheer hoodies, $30 each, inbox me", CHEER),
        ("wrestling t-shirts for sale, $15", CHEER),
        ("my cousin is selling girl scout cookies $5", "Parthum PTO cookie dough sale"),
        ("vendo pastelitos de mi iglesia, $2", "Class of 2026 bake sale"),
    ],
)
def test_another_item_or_another_group_is_not_approved(
    rules: RulesClassifier, text: str, name: Fundraiser | str
) -> None:
    assert max(signal.score for signal in sales(rules, text, name)) == 1.0


def test_an_offer_is_cleared_only_within_the_dates(rules: RulesClassifier) -> None:
    day = timedelta(days=1)
    sale = Fundraiser(name="Band candles", starts_at=NOON, ends_at=NOON + day)
    for at, cleared in ((NOON - day, False), (NOON, True), (NOON + day, False)):
        found = sales(rules, "band candles for sale, $12 each", sale, at=at)
        assert (not found) is cleared


@pytest.mark.parametrize(
    "text",
    [
        "can't go anymore, selling both my prom tickets $75 each",
        "no puedo ir, vendo mis dos boletos del prom, lo que costó",
    ],
)
def test_private_resale_of_approved_tickets_goes_to_a_person(
    rules: RulesClassifier, text: str
) -> None:
    found = sales(rules, text, "Prom 2026 tickets")
    assert {signal.score for signal in found} == {0.8}
    assert "resale" in {signal.evidence.rule.partition(":")[2] for signal in found}


@pytest.mark.parametrize(
    "text",
    [
        "are the cheer shirts still $15?",
        "cuánto cuestan las camisetas de cheer?",
        "do they take venmo for the cheer shirts?",
    ],
)
def test_asking_about_a_fundraiser_is_no_offer(rules: RulesClassifier, text: str) -> None:
    assert sales(rules, text) == []


def test_links_are_read_however_they_are_spelled() -> None:
    text = "see lhs-cheer dot com or HTTPS://Fund.Example/x, not 3.50 or end.Of sentence"
    assert [str(link) for link in links_in(text)] == ["lhs-cheer.com", "fund.example/x"]
    assert link_of("no link here") is None
