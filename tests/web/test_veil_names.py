"""A rule of the word lists is named by its word, so its name is blurred like the word: on every
screen that names it, in what was written for the record, and in a field that was filled in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

from modbot import undo
from modbot.alerts import Alert
from modbot.domain import Decision, Verdict
from modbot.enforcement import QUOTA_SPENT
from modbot.undo.because import Because, because, read_because
from modbot.web.undo import rights_of
from modbot.web.veiling import apart
from tests.fakes import SCHOOL_DAY, make_page
from tests.web.alerted import pull, send
from tests.web.conftest import Site
from tests.web.rooms import untagged
from tests.web.school import FakeService, record, swearing
from tests.web.test_undo import begin

WORD = "frick"
RULE = f"profanity_en:{WORD}"
TEXT = f"what the {WORD}"
PAGE = make_page(1).id
UNDO = urlencode({"kind": "rule", "subject": RULE, "since": "2026-09-09T00:00"})
SCREENS = (
    "/log",
    f"/log?rule={RULE}",
    f"/log?rule={RULE}&verdict=escalate",
    "/decisions/1",
    "/decisions/2",
    "/decisions/3",
    "/queue/2",
    f"/queue/many?rule={RULE}",
    "/alerts",
    f"/pages/{PAGE}",
    "/undo",
    f"/undo?{UNDO}",
    f"/undo/preview?{UNDO}",
    "/undo/1",
    f"/rule?id={RULE}",
    "/rule?id=profanity_en:x",  # the one that the stand-in's configuration holds: it asks for WORD
)
VOID = {"input", "link", "meta", "br", "use", "rect", "path", "img"}


class InClear(HTMLParser):
    """What stands on a page without a blur: its text, tooltips, and fields that are filled in."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []  # the classes of the elements around
        self.found: list[str] = []
        self.feed(html)
        self.close()

    @property
    def covered(self) -> bool:
        return any("veil" in classes.split() for classes in self.open)

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        classes = has.get("class", "")
        field = tag == "input" and has.get("type", "text") == "text"
        if field and "veil-field" not in classes.split():
            self.found.append(has.get("value", ""))
        if tag not in VOID:
            self.open.append(classes)
        if not self.covered:
            self.found += [has.get("title", ""), has.get("aria-label", "")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.covered:
            self.found.append(data)


def in_clear(html: str) -> str:
    return "\n".join(InClear(html).found)


def swore(**changes: object) -> Decision:
    """A decision by the rule that is named by its word."""
    decision = swearing(TEXT, WORD, reason=f"Hidden for profanity: rule {RULE}, score 1.00.")
    (signal,) = decision.signals
    named = replace(signal, evidence=replace(signal.evidence, rule=RULE))
    return replace(decision, signals=(named,), **changes)  # type: ignore[arg-type]


@pytest.fixture
def room(service: FakeService, site: Site) -> Site:
    """A brake on the rule, the alert about it, what it left for a person, and a run that takes
    back what it hid."""
    record(service, [(TEXT, swore(hide=False))])
    service.clock.advance(60)
    begin(site, subject=RULE)
    undo.carry_on(service.database, rights_of(service), service.clock.advance(60))
    braked = swore(
        verdict=Verdict.REVIEW, hide=False, degraded=(QUOTA_SPENT, f"brake: rule {RULE}")
    )
    record(service, [(TEXT, braked)], prefix="b")
    pull(service, PAGE, f"rule {RULE}")
    told = f"rule {RULE} would have hidden 13 of 25 comments"
    send(service, Alert(kind="brake", page_id=PAGE, subject=f"rule {RULE}", detail=told))
    return site


@pytest.mark.parametrize("path", SCREENS)
@pytest.mark.parametrize("spoken", ["en", "es"])
def test_no_screen_spells_the_word_out_and_each_can_show_it(
    path: str, spoken: str, room: Site
) -> None:
    answer = room.get(path, **{"accept-language": spoken})
    assert answer.status_code == 200
    assert WORD not in in_clear(answer.text)
    if WORD in answer.text.partition("<main")[2]:
        assert answer.text.count('id="reveal"') == 1 and answer.text.count("/veil.js") == 1


def test_the_screens_that_are_about_the_rule_name_it(room: Site) -> None:
    for path in ("/alerts", f"/pages/{PAGE}", "/undo", f"/undo/preview?{UNDO}", "/undo/1"):
        main = untagged(room.get(path).text.partition("<main")[2])
        assert f"profanity_en: (blurred) {WORD}" in main, path


def test_whoever_likes_to_see_everything_gets_no_box_anywhere(room: Site) -> None:
    for path in SCREENS:
        assert 'id="reveal"' not in room.get(path, cookie="modbot-queue=show").text, path


def test_a_rule_that_is_not_named_by_a_word_is_not_blurred(
    service: FakeService, site: Site
) -> None:
    pull(service, PAGE, "rule sales:price_and_contact")
    html = site.get("/alerts").text
    assert "sales:price_and_contact" in in_clear(html) and 'id="reveal"' not in html


def test_what_kept_the_bot_from_hiding_is_told_in_the_readers_language(room: Site) -> None:
    html = room.get("/decisions/3", **{"accept-language": "es"}).text
    changes = untagged(html[html.index('id="changes"') : html.index('id="signals"')])
    assert "Sin este problema: La cuota de la página" in changes and "persona; El" in changes
    assert "freno está puesto a la regla profanity_en: (difuminado) frick" in changes


def test_what_a_run_took_back_is_told_in_the_readers_language(room: Site) -> None:
    told = untagged(room.get("/decisions/2", **{"accept-language": "es"}).text)
    assert "Se deshace lo que hizo la regla profanity_en: (difuminado) frick desde el" in told
    assert "The rule was wrong." in told
    assert f"Undo of rule profanity_en: (difuminado) {WORD} since" in told, "as it is recorded"


@pytest.mark.parametrize("kind", ["rule", "model", "person", "bulk"])
def test_the_reason_of_a_run_is_read_as_it_was_written(kind: str) -> None:
    class Run:
        subject = "" if kind == "bulk" else "Ana since: Ruiz #5"
        since = SCHOOL_DAY
        reason = "wrong since 2026-01-01 10:00 UTC: all\nday"

    Run.kind = kind  # type: ignore[attr-defined]
    written = because(Run())  # type: ignore[arg-type]
    found = Because(kind=kind, subject=Run.subject, since=SCHOOL_DAY, why=Run.reason)
    assert read_because(written) == found


@pytest.mark.parametrize(
    "reason",
    ["A false alarm", "", "Undo of rule x since 2026-13-45 99:99 UTC: y", "Undo of it all: y"],
)
def test_any_other_reason_is_a_persons_own(reason: str) -> None:
    assert read_because(reason) is None


@pytest.mark.parametrize(
    ("sentence", "covered"),
    [
        ("Hidden for profanity: rule profanity_en:kick it, score 1.00.", ["kick it"]),
        ("Hidden for sales: rule sales:price_and_contact, score 1.00.", []),
        ("Not hidden by the bot: brake: rule insults_es:x y, hide quota spent.", ["x y"]),
        ("A person should look. Not hidden by the bot: brake: rule slurs:x.", ["x"]),
        ("Undo of rule profanity_es_mx:x since 2026-09-09 04:00 UTC: why", ["x"]),
        ("rule insults_en:x would have hidden 13 of 25 comments", ["x"]),
        ("Hidden for profanity: model embedded obscene, score 0.99.", []),
    ],
)  # fmt: skip
def test_the_word_is_found_in_what_was_written_for_the_record(
    sentence: str, covered: list[str]
) -> None:
    pieces = apart(sentence)
    assert "".join(text for text, _ in pieces) == sentence
    assert [text for text, spelt in pieces if spelt] == covered
