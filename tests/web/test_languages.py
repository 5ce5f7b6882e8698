"""English and Spanish: the choice between them, and a catalogue without holes."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

from modbot.i18n import DOMAIN, LANGUAGES, LOCALE_FOLDER, choose, language
from modbot.web.wording import Wording
from tests.web.conftest import Site
from tests.web.school import ALLOWED, FakeService, record

ROOT = Path(__file__).parents[2]
TRANSLATED = [code for code in LANGUAGES if code != "en"]
LAWRENCE = ZoneInfo("America/New_York")


def catalogue(code: str) -> Catalog:
    with (LOCALE_FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.po").open("rb") as file:
        return read_po(file, locale=code)


def texts_in_the_code() -> set[str | tuple[str, str]]:
    """Every text that the pages ask to have translated."""
    methods = [("**.py", "python"), ("web/templates/**.html", "jinja2")]
    found = extract_from_dir(ROOT / "modbot", method_map=methods, options_map={})
    return {
        (message[0], message[1]) if isinstance(message, tuple) else message
        for _file, _line, message, _comments, _context in found
    }


def texts_of(message: Message) -> list[str]:
    return list(message.string) if isinstance(message.string, tuple) else [message.string]


def texts_asked_for(path: Path) -> Iterator[str | tuple[str, str]]:
    """Every text that stands in a call that translates, wherever the call stands."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = getattr(node.func, "id", getattr(node.func, "attr", ""))
        given = [a.value for a in node.args if isinstance(a, ast.Constant)]
        texts = [each for each in given if isinstance(each, str)]
        if called in ("_", "N_", "gettext") and len(texts) == 1:
            yield texts[0]
        elif called == "ngettext" and len(texts) == 2:
            yield texts[0], texts[1]


def test_a_text_is_found_wherever_it_stands() -> None:
    """The extraction does not look into f-strings before Python 3.12."""
    asked = {text for path in (ROOT / "modbot").rglob("*.py") for text in texts_asked_for(path)}
    assert len(asked) > 200  # it looked at the real tree
    assert asked - texts_in_the_code() == set()


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_catalogue_holds_exactly_the_texts_of_the_code(code: str) -> None:
    known = {message.id for message in catalogue(code) if message.id}
    assert known == texts_in_the_code()


@pytest.mark.parametrize("code", TRANSLATED)
def test_no_text_is_left_untranslated_or_doubtful(code: str) -> None:
    poor = [m.id for m in catalogue(code) if m.id and (m.fuzzy or not all(texts_of(m)))]
    assert poor == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_translations_keep_their_placeholders(code: str) -> None:
    for message in catalogue(code):
        if not message.id:
            continue
        wanted = message.id[1] if isinstance(message.id, tuple) else message.id
        for text in texts_of(message):
            assert sorted(re.findall(r"%\(\w+\)s|%%", text)) == sorted(
                re.findall(r"%\(\w+\)s|%%", wanted)
            ), text


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_compiled_catalogue_is_made_of_the_written_one(code: str) -> None:
    with (LOCALE_FOLDER / code / "LC_MESSAGES" / f"{DOMAIN}.mo").open("rb") as file:
        compiled = read_mo(file)
    assert len(compiled) == len(catalogue(code))
    spoken = language(code)
    for message in catalogue(code):
        if isinstance(message.id, tuple):
            forms = [spoken.ngettext(*message.id, count) for count in (1, 2)]
            assert forms == texts_of(message)
        elif message.id:
            assert [spoken.gettext(message.id)] == texts_of(message)


@pytest.mark.parametrize("code", TRANSLATED)
def test_the_shipped_policy_can_be_read_in_every_language(code: str) -> None:
    with (ROOT / "config" / "policy.toml").open("rb") as file:
        rules = tomllib.load(file)["categories"].values()
    wording = Wording(language(code))
    texts = {rule[key] for rule in rules for key in ("clause", "clause_text")}
    assert {text for text in texts if wording.clause(text) == text} == set()
    assert wording.clause("Ordinance 12") == "Ordinance 12", "the district's own words stay"


@pytest.mark.parametrize(
    ("asked", "remembered", "accepted", "chosen"),
    [
        pytest.param("es", "en", "en", "es", id="what is asked for comes first"),
        pytest.param(None, "es", "en", "es", id="then what was chosen before"),
        pytest.param(None, None, "es-DO,es;q=0.9,en;q=0.8", "es", id="then the browser"),
        pytest.param(None, None, "en;q=0.4, es;q=0.9", "es", id="by weight, not by place"),
        pytest.param(None, None, "pt-BR,pt;q=0.9,es;q=0.5", "es", id="the next that we speak"),
        pytest.param(None, None, "es;q=0", "en", id="a weight of 0 refuses"),
        pytest.param(None, None, "zh", "en", id="English when nothing fits"),
        pytest.param("xx", "yy", None, "en", id="unknown codes are passed over"),
        pytest.param(None, None, "es;q=banana, ;;;,=", "en", id="nonsense is left out"),
        pytest.param(None, None, "es;q=nan", "en", id="a weight that is no number"),
        pytest.param(None, None, "x," * 100_000 + "es", "en", id="a huge header"),
    ],
)
def test_the_language_is_chosen(
    asked: str | None, remembered: str | None, accepted: str | None, chosen: str
) -> None:
    assert choose(asked=asked, remembered=remembered, accepted=accepted) == chosen


def test_times_are_those_of_the_district_in_the_readers_format() -> None:
    at = datetime(2025, 10, 25, 1, 5, tzinfo=UTC)
    assert language("en").moment(at, LAWRENCE) == "Oct 24, 2025, 9:05\u202fPM"
    assert language("es").moment(at, LAWRENCE) == "24 oct 2025, 9:05\u202fp.m."
    assert language("en").day(at, LAWRENCE) == "October 24, 2025"
    assert language("es").day(at, LAWRENCE) == "24 de octubre de 2025"


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0%"), (0.834, "83%"), (0.9999, "99%"), (1.0, "100%")]
)
def test_a_score_short_of_certainty_is_never_shown_as_100(share: float, shown: str) -> None:
    assert language("en").percent(share) == shown


def test_the_language_is_remembered_once_it_was_asked_for(site: Site) -> None:
    asked = site.get("/log?lang=es")
    assert '<html lang="es">' in asked.text
    assert "Decisiones" in asked.text
    cookie = asked.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie
    again = site.get("/log", cookie=cookie.split(";")[0])
    assert '<html lang="es">' in again.text


def test_nothing_is_remembered_that_was_not_asked_for(site: Site) -> None:
    answer = site.get("/log?lang=zz%00", **{"accept-language": "es"})
    assert '<html lang="es">' in answer.text
    assert "set-cookie" not in answer.headers


def test_a_language_link_keeps_the_readers_place(service: FakeService, site: Site) -> None:
    record(service, [("hello", ALLOWED)])
    html = site.get("/log?page=facebook:1001&verdict=allow&before=9").text
    assert "/log?page=facebook%3A1001&amp;verdict=allow&amp;before=9&amp;lang=es" in html
    assert 'href="/decisions/1?lang=es"' in site.get("/decisions/1").text


def test_error_pages_speak_the_readers_language(site: Site) -> None:
    answer = site.get("/nowhere", **{"accept-language": "es"})
    assert answer.status_code == 404
    assert "Aquí no hay nada" in answer.text
