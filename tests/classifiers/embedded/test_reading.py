"""When a text is no offer, whatever the model scores it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from classifiers.embedded.pieces import split_words
from classifiers.embedded.reading import SURE_OF_SALE, UNSURE_OF_SALE, Reading
from classifiers.normalise import fold
from modbot.domain import Comment, Fundraiser

PASTELITOS = "🥟 Pastelito Friday is back! $2 each, two for $3.50, in the field house lobby."
CARWASH = "🥁 LHS Marching Band is going to Orlando! $38,000 to go."
SURE = 0.99
DOUBTFUL = SURE_OF_SALE - 0.1


def read(text: str, post: str = PASTELITOS, *approved: str, passes_on: bool = False) -> Reading:
    comment = Comment(
        page_id="x:1",
        platform="x",
        id="1",
        post_id="1",
        text=text,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
        post_text=post,
        approved_fundraisers=tuple(Fundraiser(name=name) for name in approved),
    )
    folded = fold(text)
    return Reading(comment, folded, split_words(folded.text), lambda _: (), lambda _: passes_on)


@pytest.mark.parametrize(
    "text",
    [
        "2 bucks each, 3 flavors, they run out by 2:50",
        "$2 each at the lobby",
        "a 2 dólares en el lobby",
        "2.00$ o dos por 3.50 dolares",
    ],
)
def test_who_repeats_the_prices_of_the_post_offers_nothing(text: str) -> None:
    assert read(text).is_no_offer(SURE)


@pytest.mark.parametrize(
    "text",
    [
        "$3 each at the lobby",  # another price
        "win an iphone for $2, guaranteed",
        "viagra $2, order now",
        "$2 each, and mangu for $6",
        "each at the lobby",  # none
        "my pastelitos are $2 each",
        "vendo pastelitos a $2",
        "mine are $2 and bigger",
        "$2 each, dm for orders",
        "$2 each, venmo or cash app",
        "$2 each, pastelitos-lawrence.com",
        "$2 each, 978-555-0142",
        "$2 each, @pastelitoqueen",
        "2 extra, $2 each",
    ],
)
def test_another_price_a_contact_or_the_writers_own_goods_may_be_an_offer(text: str) -> None:
    assert not read(text).is_no_offer(SURE)
    assert not read(text).is_no_offer(DOUBTFUL)


def test_a_price_that_only_begins_like_that_of_the_post_is_another() -> None:
    assert not read("$2.75 each at the lobby").is_no_offer(DOUBTFUL)
    assert not read("$20 each at the lobby").is_no_offer(DOUBTFUL)


def test_goods_of_an_approved_sale_are_no_offer_however_sure_the_score() -> None:
    text = "Cheer pies: apple or pumpkin, $14, any cheerleader can take your order"
    assert read(text, "Pep rally Wednesday", "LHS Cheer pie sale").is_no_offer(SURE)
    assert not read(text, "Pep rally Wednesday", "LHS Band candle sale").is_no_offer(DOUBTFUL)


def test_what_only_the_post_says_of_the_sale_counts_against_a_doubtful_score_alone() -> None:
    text = "tix 15 w id, cash only, no guests from other schools"
    reading = read(text, "LHS Homecoming dance Saturday", "LHS Student Council Homecoming tickets")
    assert reading.is_no_offer(DOUBTFUL)
    assert not reading.is_no_offer(SURE)
    elsewhere = read(text, "School starts at 8:10", "LHS Student Council Homecoming tickets")
    assert not elsewhere.is_no_offer(DOUBTFUL)


def test_what_sounds_a_little_like_an_offer_answers_the_post_of_an_approved_sale() -> None:
    post, name = "Plant sale by the Breen garden club on May 9", "Breen plant sale"
    text = "$3 a seedling, 4 for $10, cash in the coffee can by the flagpole"
    assert read(text, post, name).is_no_offer(UNSURE_OF_SALE - 0.01)
    assert not read(text, post, name).is_no_offer(UNSURE_OF_SALE)
    assert not read(text, "School starts at 8:10", name).is_no_offer(UNSURE_OF_SALE - 0.01)
    for private in ("my seedlings $3", f"{text}, venmo @plants", f"{text}, 978-555-0142"):
        assert not read(private, post, name).is_no_offer(UNSURE_OF_SALE - 0.01), private


def test_what_is_passed_on_is_left_to_the_rules_where_sales_are_approved() -> None:
    text = "selling my 2 presale seats, my brother has a baptism"
    assert read(text, CARWASH, "LHS fan bus", passes_on=True).is_no_offer(SURE)
    assert not read(text, CARWASH, passes_on=True).is_no_offer(SURE)
    assert not read(text, CARWASH, "LHS fan bus").is_no_offer(SURE)
