"""Goods that an approved fundraiser sells, named without the whole of its name."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from classifiers.announced_prices import are_announced
from classifiers.fundraisers import only_offers_goods_of, speaks_of
from classifiers.normalise import fold
from classifiers.rules import RulesClassifier
from modbot.domain import Category, Comment, Fundraiser, Signal

RULES = Path(__file__).parents[2] / "config" / "rules"
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORLANDO = "🥁 LHS Marching Band is going to Orlando! $38,000 to go."
CARWASH = "LHS Band Orlando carwash"
PLATES = "LHS International Night plates"
NIGHT = "🍲 Taste of Lawrence International Night: 22 tables, proceeds to the class trip."


@pytest.fixture(scope="module")
def rules() -> RulesClassifier:
    return RulesClassifier.load(RULES)


def sales(rules: RulesClassifier, text: str, post: str, *approved: Fundraiser) -> list[Signal]:
    comment = Comment(
        page_id="facebook:1",
        platform="facebook",
        id="1",
        post_id="1",
        text=text,
        created_at=NOON,
        post_text=post,
        approved_fundraisers=approved,
    )
    return [s for s in rules.classify([comment])[0] if s.category is Category.SALES]


@pytest.mark.parametrize(
    ("text", "post", "name"),
    [
        ("carwash sábado 9 a 1, $10 carro $15 jeepeta, vengan sucios", ORLANDO, CARWASH),
        ("lavacarros sábado, $10 carro, barriga llena", ORLANDO, CARWASH),
        ("plates are $5, cash or card, gym B", NIGHT, PLATES),
        ("platos a $5 en el gym B, hay mangú", NIGHT, PLATES),
        ("plates are $5, 5 to 7 pm in the cafeteria", NIGHT, PLATES),
        ("plates are $5, contact Ms. Ruiz in room 12", NIGHT, PLATES),
        ("velas a $12 en la mesa, ordenen hoy", "Band concert", "LHS Band Florida candles"),
    ],
)
def test_the_goods_under_a_post_about_the_sale_are_cleared(
    rules: RulesClassifier, text: str, post: str, name: str
) -> None:
    assert sales(rules, text, post) != []
    assert sales(rules, text, post, Fundraiser(name=name)) == []


@pytest.mark.parametrize(
    "text",
    [
        "my plates are $5, arroz y pollo, order today",
        "platos a $5 en mi casa, ordenen hoy",
        "vendo platos a $5, ordenen hoy",
        "plates $5, dm to order",
        "plates $5 order today, venmo works",
        "plates $5 order today, zelle 978-555-0199",
        "plates $5, order today at plates-lawrence.com",
        "plates and cupcakes $5, order today",  # other goods
        "wrestling plates $5, order today",  # another group
        "iglesia San José: platos a $5, ordenen hoy",  # a stranger
        "two extra plates $5, order today",
        "plates barely used $5, order today, 2 party bus",
        "plates $5 order today, not affiliated with the school",
        "plates $5 order today, pm Rosa",
        "plates $5, hit up Rosa",
        "plates $5, contact Rosa, order today",
        "plates $5 order today on ig rosaskitchen978",
        "platos a $5 en la bodega, ordenen hoy",
        "platos a $5, se hacen taxes y préstamos, ordenen hoy",
        "plates $5 and loans with no credit check, order today",
        "plates $5, house cleaning and daycare spots open, order today",
        "platos a $5 y servicio de DJ, ordenen hoy",
        "plates $5. Also bitcoin mentor Mr Lee doubled my money",
    ],
)
def test_somebodys_own_sale_of_such_goods_is_not(rules: RulesClassifier, text: str) -> None:
    assert sales(rules, text, NIGHT, Fundraiser(name=PLATES)) != []


def test_who_cannot_go_and_passes_approved_tickets_on_goes_to_a_person(
    rules: RulesClassifier,
) -> None:
    text, name = "tickets up for grabs, face value, $20 the pair", "LHS Drama Mamma Mia tickets"
    found = sales(rules, text, "MAMMA MIA! by the LHS Drama Club", Fundraiser(name=name))
    assert {signal.score for signal in found} == {0.8}


def test_a_price_alone_names_nothing_that_a_post_could_announce() -> None:
    assert not are_announced(frozenset(), "Pastelitos $2")
    assert are_announced(frozenset({"coffee"}), "Coffee $1")


def test_the_goods_under_another_post_say_nothing_of_the_sale(rules: RulesClassifier) -> None:
    text = "plates are $5, order today"
    assert sales(rules, text, "School starts at 8:10", Fundraiser(name=PLATES)) != []


def test_the_goods_are_cleared_only_within_the_dates(rules: RulesClassifier) -> None:
    past = Fundraiser(name=PLATES, ends_at=NOON)
    assert sales(rules, "plates are $5, order today", NIGHT, past) != []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("carnations $3 each at lunch, we deliver to homeroom", "NHS carnation sale"),
        ("carnations are $3, i'm on the table with a box of them at lunch", "NHS carnation sale"),
        ("Scarves $15 at the snack shack, venmo to the boosters account", "Soccer scarf sale"),
    ],
)
def test_who_helps_at_an_approved_sale_has_nothing_of_their_own_to_sell(
    rules: RulesClassifier, text: str, name: str
) -> None:
    post = "Boys soccer: Lancers 3, Lowell 2"
    assert sales(rules, text, post, Fundraiser(name=name)) == []
    assert sales(rules, text + ", or dm me", post, Fundraiser(name=name)) != []


def test_what_is_only_collected_is_not_for_sale(rules: RulesClassifier) -> None:
    dress = Fundraiser(name="Cinderella's Closet prom dress drive")
    text = "dress from 36 to 48, $20 each, order today"
    assert sales(rules, text, "Prom dress giveaway Saturday", dress) != []


def test_a_carwash_is_a_car_wash_however_it_is_written() -> None:
    for said in ("band car wash", "band carwash", "lava carros de la banda", "lavacarros"):
        assert speaks_of(said, "LHS Band carwash"), said
    assert not speaks_of("the car show", "LHS Band carwash")


def test_a_price_that_the_post_announces_is_no_offer_of_the_comment(rules: RulesClassifier) -> None:
    post = "Lancer Café opens tomorrow! Coffee $1, pastelitos $2."
    assert sales(rules, "pastelitos 2 dólares, pasen por la 120", post) == []
    assert sales(rules, "pastelitos 3 dólares, pasen por la 120", post) != []
    assert sales(rules, "mis pastelitos 2 dólares, pasen por la 120", post) != []


@pytest.mark.parametrize(
    "text",
    [
        "viagra $2, order now",
        "Invest $1 today and double it, guaranteed",
        "win an iphone for $1, sign up now",
        "vapes $2 behind the gym",
        "empanadas $2 for sale at the corner, order today",
        "fake IDs $2, order now",
        "cleaning service $2 an hour, book now",
    ],
)
def test_something_else_for_a_price_that_the_post_announces_is_an_offer(
    rules: RulesClassifier, text: str
) -> None:
    post = "Lancer Café opens tomorrow! Coffee $1, pastelitos $2."
    assert sales(rules, text, post) != []


@pytest.mark.parametrize(
    "text",
    [
        "got 1 extra, $20 same as I paid, dm",
        "Reselling 2 of the poinsettias I already paid for, $10",
        "me sobran 2 asientos del fan bus, los dejo en $10",
        "compré dos, los doy por lo que me costaron",
    ],
)
def test_what_is_let_go_for_what_it_cost_goes_to_a_person(
    rules: RulesClassifier, text: str
) -> None:
    found = sales(rules, text, "Homecoming Saturday", Fundraiser(name="LHS fan bus tickets"))
    assert {signal.score for signal in found} == {0.8}


ELSEWHERE = "Field day is Thursday!"
BRACELETS = "SLEMS friendship bracelet sale"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bracelets $2 at the door", BRACELETS),
        ("pulseritas a $2 en la puerta", BRACELETS),
        ("scarves $15 by the gym, knit", "LHS Ski scarf sale"),
        ("popcorn $2, juice $1 at the PTO table, they have jackets too", "Frost PTO concessions"),
        ("roses $4, carnations $2 at the lobby table", "LHS Chorus flower sale"),
        ("hoodies $25 in the main office", "Lawlor spirit wear"),
        ("bracelets at the door, take my 2 dollars", BRACELETS),
    ],
)
def test_the_goods_at_a_place_in_a_school_are_cleared_under_any_post(
    rules: RulesClassifier, text: str, name: str
) -> None:
    assert sales(rules, f"{text}, jackets $2", ELSEWHERE) != [], "such a text sounds like a sale"
    assert sales(rules, text, ELSEWHERE, Fundraiser(name=name)) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("bracelets $2 on the corner", BRACELETS),
        ("bracelets $2 in the back lot", BRACELETS),
        ("candles and bracelets $2 at the door", BRACELETS),
        ("my bracelets are $2 at the door", BRACELETS),
        ("bracelets $2 at the door, or two extra from me", BRACELETS),
        ("hoodies $25 at the gate, order now", "Frost PTO concessions"),
        ("hoodies $25 at the gate, dm", "Lawlor spirit wear"),
    ],
)
def test_anybodys_corner_or_own_goods_are_no_place_in_a_school(
    rules: RulesClassifier, text: str, name: str
) -> None:
    assert sales(rules, text, ELSEWHERE, Fundraiser(name=name)) != []


@pytest.mark.parametrize(
    ("text", "cleared"),
    [
        ("bracelets $2 at the door, I bought six", True),
        ("pulseritas a $2 en la puerta, yo compré tres", True),
        ("bracelets $2 at the door, I bought too many", False),
        ("pulseritas a $2 en la puerta, yo compré dos de más", False),
    ],
)
def test_who_has_bought_some_praises_them_and_who_bought_too_many_may_sell(
    text: str, cleared: bool
) -> None:
    sale = Fundraiser(name=BRACELETS)
    assert only_offers_goods_of([sale], text, fold(text).text, ELSEWHERE) is cleared
