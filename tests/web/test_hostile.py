"""Two hundred hostile texts through every screen, form, table and message: none acts.

Each answer is taken apart (our_html.py): only tags and attributes of our own templates, no script,
no address that leaves the host. What Chromium makes of it is in test_browser_hostile.py."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from email import message_from_bytes
from email.message import EmailMessage
from itertools import chain, groupby
from urllib.parse import quote, urlencode

import pytest
import requests

from modbot.alerts.message import message
from modbot.people import Role
from modbot.ports import Connection
from modbot.store.sendings import Told
from platforms.manual import ManualAdapter
from tests.fakes import SCHOOL_DAY, make_page
from tests.web.district import District, open_district
from tests.web.hostile import HOSTILE, LONG, LONGEST, PRODUCT, SHORT, another
from tests.web.hostile_district import Filled, fill
from tests.web.our_html import faults, sound
from tests.web.serving import served
from tests.web.signed_in import Site
from tests.web.test_roles import ROUTES

# An item shows eight other texts beside its own, 37 apart (hostile.another), so that every eighth
# item shows each of them. Every text in every field is tried where there is time:
# test_browser_hostile.py.
APART = 8
FAST = 24  # of the forms and addresses: each takes ten texts, and the next one others
SOME = 6  # of the screens of a kind one in so many; all of them before a landing
ACTIVE = tuple("=+-@\t\r\n\x00＝＋－＠")


@dataclass(frozen=True, kw_only=True)
class Town:
    """A hostile district that is served."""

    district: District
    filled: Filled
    site: Site

    def screens(self) -> list[str]:
        """The addresses of all that shows what was stored."""
        f = self.filled
        shown: list[str] = [
            *("/log", "/log/days", "/queue", "/pages", "/pages/new", "/fundraisers", "/people"),
            *("/fundraisers/new", "/me", "/alerts", "/alerts?before=20", "/undo", "/"),
        ]
        shown += [f"/log?before={n}" for n in range(25, max(f.decisions) + 25, 25)]
        some = f.decisions[::APART]
        shown += [f"/queue/{n}" for n in some] + [f"/decisions/{n}" for n in some]
        shown += [f"/pages/{quote(p)}{end}" for p in f.pages for end in ("", "/mode?to=enforce")]
        shown += [f"/pages/requests/{n}" for n in f.registrations[::APART]]
        shown += [f"/fundraisers/requests/{n}" for n in f.requests[::APART]]
        shown += [f"/fundraisers/{n}" for n in f.fundraisers[::3]]
        shown += [f"/people/{n}" for n in f.people[::40]]
        shown += [f"/undo/{n}{end}" for n in f.runs[::3] for end in ("", "/progress")]
        return shown


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    with open_district(tmp_path_factory.mktemp("hostile")) as district:
        filled = fill(district)
        _add_page_by_hand(district)
        with served(district.service) as address:
            site = Site(address=address, service=district.service)
            yield Town(district=district, filled=filled, site=site)


def _add_page_by_hand(district: District) -> None:
    """One without an API, to which lists can be brought."""
    made = district.add_page("hostile", SHORT[3], platform="manual")
    connection = Connection(secrets={}, now=district.clock.now)
    district.platform.adapters[made.page.id] = ManualAdapter(made.page, connection)  # type: ignore[assignment]


def test_there_are_two_hundred_and_they_differ() -> None:
    assert len(HOSTILE) == len(set(HOSTILE)) >= 200
    assert len(SHORT) >= 200


@pytest.mark.parametrize(
    "html",
    [
        "<p>x</p><script>alert(1)</script>",
        "<img src='/x'>",
        "<p onclick='x'>",
        "<p style='x'>",
        "<a href='javascript:alert(1)'>x</a>",
        "<a href='//evil.example'>x</a>",
        "<a href='https://evil.example'>x</a>",
        "<form action='https://evil.example'>",
        "<!-- x -->",
        "<zq>",
        "<p>\u202e",
        "<p>123454321",
    ],
)
def test_what_looks_for_faults_finds_them(html: str) -> None:
    assert faults(html) != []


def kind_of(path: str) -> str:
    """The same for two addresses that differ in what they show alone."""
    return re.sub(r"\d+", "#", path)


@pytest.mark.parametrize("apart", [SOME, pytest.param(1, id="all", marks=pytest.mark.campaigns)])
def test_every_screen_shows_what_was_stored_and_nothing_of_it_acts(town: Town, apart: int) -> None:
    screens = sorted(town.screens(), key=kind_of)
    for path in chain(*(list(alike)[::apart] for _, alike in groupby(screens, key=kind_of))):
        answer = sound(town.site.get(path), path)
        assert answer.status_code in (200, 303), (path, answer.status_code)


def test_the_texts_are_there_to_be_read(town: Town) -> None:
    """Escaped, not left out: a manager has to see what was written."""
    number = town.filled.decisions[0]
    html = town.site.get(f"/decisions/{number}").text
    assert "&lt;script zq&gt;alert(1)&lt;/script&gt;" in html


PLAIN_MAIL = {"Subject", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}
NOTHING = ("x",)  # a form or address without a field
FILTERS = ("q", "rule", "actor", "page", "platform", "category", "verdict", "language", "from")
IN_ADDRESSES: Sequence[tuple[str, Sequence[str]]] = (
    ("/log", FILTERS),
    ("/log/days", ("q", "rule", "to")),
    ("/newest", ("after", "q")),
    ("/rule", ("id", "rule", "of")),
    ("/queue/many", ("rule",)),
    ("/queue/many", ("author_of",)),
    ("/queue", ("after", "before", "did", "said")),
    ("/undo", ("kind", "subject", "since", "until", "page", "pages", "others")),
    ("/undo/preview", ("kind", "subject", "since", "until", "page", "pages", "others")),
    ("/undo/1", ("receipt", "after", "said")),
    ("/alerts", ("before", "said", "lang")),
    ("/sign-in", ("next", "said", "lang", "error")),
    ("/oidc/x/return", ("state", "code", "error", "error_description")),
    ("/pages/facebook:hostile1/mode", ("to", "said")),
)


def each(fields: Sequence[str], apart: int) -> Iterable[dict[str, str]]:
    """Texts for fields; every text is in each field where `apart` is 1."""
    if fields == NOTHING:
        yield {"x": SHORT[0]}
        return
    first = sum(map(ord, "".join(fields))) % apart  # other forms begin with other texts
    for number in range(first, len(SHORT), apart):
        yield {name: another(number, place) for place, name in enumerate(fields)}


def address_of(path: str, fields: dict[str, str]) -> str:
    return f"{path}?{urlencode(fields, errors='surrogatepass')}"


@pytest.mark.parametrize(("path", "fields"), IN_ADDRESSES, ids=lambda x: str(x)[:40])
def test_no_address_makes_a_page_that_acts(path: str, fields: Sequence[str], town: Town) -> None:
    for values in each(fields, FAST):
        sound(town.site.get(address_of(path, values)), values)


def test_a_search_for_each_finds_its_place_on_the_page(town: Town) -> None:
    for text in SHORT[::FAST]:
        assert sound(town.site.get(address_of("/log", {"q": text})), text).status_code == 200


@pytest.mark.parametrize(
    "path",
    [*("/nowhere/", "/decisions/", "/queue/", "/pages/", "/people/", "/first/", "/invited/"),
     *("/undo/", "/oidc/", "/demo/", "/static/", "/fundraisers/", "/pages/requests/")],
)  # fmt: skip
def test_no_path_makes_a_page_that_acts(path: str, town: Town) -> None:
    for text in SHORT[len(path) % FAST :: FAST]:
        to = path + quote(text, safe="", errors="surrogatepass")
        sound(town.site.get(to), text)


PAGE_FIELDS = (
    *("name", "address", "school", "purpose", "manager", "administrator", "contact"),
    *("government_use", "external_id", "handle", "platform", "district_owned"),
)
SALE_FIELDS = ("name", "purpose", "school", "beneficiary", "links", "accounts", "starts", "ends")
FORMS: dict[str, Sequence[str]] = {
    "/log.csv": ("q", "rule"),
    "/decisions/{decision}/undo": ("reason",),
    "/decisions/{decision}/verdict": ("note", "reason"),
    "/decisions/{decision}/take-back": ("note",),
    "/queue/{decision}/claim": NOTHING,
    "/queue-settings": ("at", "show", "keys"),
    "/queue/many": ("verdict", "reason", "note", "ids", "signature"),
    "/undo": ("kind", "subject", "since", "until", "page", "others", "through", "reason"),
    "/queue/many/{text}/undo": NOTHING,
    "/pages/facebook:hostile1/past": ("days", "since", "act", "reason"),
    "/pages/facebook:hostile1/past/stop": NOTHING,
    "/undo/1/receipts.csv": NOTHING,
    "/undo/2/{text}": NOTHING,
    "/alerts/1/acknowledge": NOTHING,
    "/alerts/brakes/{number}/release": ("reason",),
    "/sign-in": ("email", "next"),
    "/first/x": ("name", "email", "password", "again"),
    "/invited/x": ("name", "password", "again"),
    "/pages/new": PAGE_FIELDS,
    "/pages/requests/{registration}/approve": ("external_id", "token_ref", "base_url"),
    "/pages/requests/{registration}/refuse": ("reason",),
    "/pages/facebook:hostile1/mode": ("to", "seen", "reason"),
    "/pages/facebook:hostile2/pause": ("reason",),
    "/pages/facebook:hostile2/resume": NOTHING,
    "/pages/facebook:hostile3/token": ("token_ref", "token_ends"),
    "/pages/manual:hostile/seen": ("text", "author", "post", "url", "time", "list"),
    "/pages/manual:hostile/removed": ("decision", "answer"),
    "/fundraisers/new": SALE_FIELDS,
    "/fundraisers/requests/{request}/approve": ("role", "confirm"),
    "/fundraisers/requests/{request}/refuse": ("reason",),
    "/fundraisers/{fundraiser}/end": ("reason",),
    "/fundraisers/{fundraiser}/leave-up": ("number", "reason"),
    "/people/invite": ("email", "role", "scope", "pages"),
    "/people/invitations/{text}/withdraw": NOTHING,
    "/people/{person}": ("role", "scope", "pages", "approver"),
    "/people/{person}/link": NOTHING,
    "/people/{person}/disable": ("reason",),
    "/people/{person}/enable": NOTHING,
    "/people/{person}/end-sessions": NOTHING,
    "/me": ("language", "theme"),
    "/me/password": ("present", "password", "again"),
    "/me/sessions/{text}/end": NOTHING,
    "/me/sessions/end-others": NOTHING,
}
ENDS_THE_VISIT = {"/sign-out"}


# The routes that these addresses belong to, where they do not stand in them as they are.
AS_ROUTE = {
    "/many/{text}": "/many/{bulk}",
    "{decision}": "{number}", "{registration}": "{number}", "{request}": "{number}",
    "{fundraiser}": "{number}", "{person}": "{number}", "/undo/1/": "/undo/{number}/",
    "/undo/2/{text}": "/undo/{number}/{change}", "/alerts/1/": "/alerts/{number}/",
    "/first/x": "/first/{token}", "/invited/x": "/invited/{token}",
    "facebook:hostile1": "{page_id:path}", "facebook:hostile2": "{page_id:path}",
    "facebook:hostile3": "{page_id:path}", "manual:hostile": "{page_id:path}", "{text}": "{sha256}",
}  # fmt: skip


def route_of(path: str) -> str:
    """The route that an address of a form belongs to."""
    for here, there in AS_ROUTE.items():
        path = path.replace(here, there)
    return path


def test_every_form_is_tried() -> None:
    tried = set(map(route_of, FORMS))
    assert tried == {path for method, path in ROUTES if method == "POST"} - ENDS_THE_VISIT


@pytest.mark.parametrize("path", FORMS)
def test_no_form_makes_a_page_that_acts(path: str, town: Town) -> None:
    send(town, path, FAST)


def send(town: Town, path: str, apart: int) -> None:
    """Sends one form with many texts and looks at what comes back, and at where it leads."""
    f = town.filled
    numbers = {
        "decision": f.decisions,
        "registration": f.registrations,
        "request": f.requests,
        "fundraiser": f.fundraisers,
        "person": f.people[50:],
        "number": range(1, 40),
    }
    for at, values in enumerate(each(FORMS[path], apart)):
        to = path.replace("{text}", quote(SHORT[at], safe="", errors="surrogatepass"))
        for name, known in numbers.items():
            to = to.replace(f"{{{name}}}", str(known[at % len(known)]))
        sent = {name: text.encode("utf-8", "surrogatepass") for name, text in values.items()}
        if path.endswith("/verdict"):
            sent["verdict"] = (b"hide", b"allow", b"escalate")[at % 3]
        answer = sound(town.site.post(to, sent), (to, values))
        if answer.status_code == 303:
            sound(town.site.get(answer.headers["location"]), (to, values))


@pytest.mark.parametrize("path", ["/pages/new", "/fundraisers/new", "/undo", "/people/invite"])
def test_a_very_long_text_is_answered(path: str, town: Town) -> None:
    for text in LONGEST[::2]:
        sent = {name: text.encode("utf-8", "surrogatepass") for name in FORMS[path][:2]}
        sound(town.site.post(path, sent), text[:10])
    sound(town.site.get("/log?q=" + "x" * (LONG - 4096)))  # the server takes 64 KiB of headers


def test_an_address_that_is_too_long_is_refused_and_the_next_is_answered(town: Town) -> None:
    try:
        status = town.site.get("/log?q=" + "x" * (8 * LONG)).status_code
    except requests.RequestException as error:
        # The server refuses and closes while the address is still being sent; then the
        # operating system may reset the connection, and the refusal is lost on its way.
        assert "reset" in str(error) or "Broken pipe" in str(error), error
        status = 400
    assert 400 <= status < 500
    assert sound(town.site.get("/log")).status_code == 200


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MANAGER])
def test_other_roles_see_the_same_or_less(role: Role, town: Town) -> None:
    who = town.site.as_(role, pages=None)
    for path in town.screens()[::25]:
        sound(who.get(path, **{"accept-language": "es"}), path)


def test_nobody_in_particular_is_sent_on_safely(town: Town) -> None:
    nobody = town.site.as_nobody()
    for text in SHORT[::FAST]:
        asked = quote(text, safe="", errors="surrogatepass")
        for path in (f"/log?q={asked}", f"/{asked}", f"/people/{asked}"):
            sound(nobody.get(path), text)


def test_no_page_name_acts_in_a_mail_or_message(town: Town) -> None:
    settings = town.district.service.config.settings
    told = Told(
        alert_id=1,
        sending_id=1,
        step=1,
        attempts=1,
        kind="threat",
        page_id="p",
        subject="",
        decision_id=1,
        urgent=True,
        opened_at=SCHOOL_DAY,
        crisis=True,
    )
    for text in HOSTILE:
        what = message([told], {"p": replace(make_page(), id="p", name=text)}, settings)
        mail = EmailMessage()
        mail["Subject"] = what.title  # refuses a line's end
        mail.set_content(what.body)
        read = message_from_bytes(mail.as_bytes())
        assert set(read.keys()) == PLAIN_MAIL, text[:40]
        assert not set(what.title + what.body) & set("<>@[]`|*\x00\x1b\u202e\u2066\u2028"), text[
            :40
        ]
        assert PRODUCT not in what.body and len(what.title) < 120


def cells(table: bytes) -> Iterator[str]:
    for row in csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")):
        yield from row


def test_no_cell_of_a_table_is_live(town: Town) -> None:
    answer = town.site.post("/log.csv")
    found = list(cells(answer.content))
    assert len(found) > 200 * 20
    assert [cell for cell in found if cell.startswith(ACTIVE)] == []
    text = "".join(found)
    assert "zq" in text and "\x1b" not in text[:1]
    for number in town.filled.runs[:3]:
        receipts = town.site.post(f"/undo/{number}/receipts.csv")
        assert [cell for cell in cells(receipts.content) if cell.startswith(ACTIVE)] == []
