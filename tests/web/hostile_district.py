"""A district in which every text that anybody could have written is hostile (hostile.py)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta

from modbot import registry, store
from modbot.alert_tables import AlertRow, AlertSendingRow, BrakeRow
from modbot.domain import Category, Decision, Evidence, Mode, Page, Post, Share, Signal, Verdict
from modbot.errors import ModbotError
from modbot.people import Role
from modbot.people.accounts import add_person
from modbot.room_tables import UndoRunRow
from modbot.store import Judged
from modbot.stored_text import shown
from modbot.tables import FundraiserRequestRow, FundraiserRow, PageRow
from tests.fakes import make_comment
from tests.web.district import LEE, RUIZ, District
from tests.web.hostile import HOSTILE, SHORT, another

PAGES = 12
ITEMS = 40  # people, fundraisers, alerts: seven fields each show every text
CATEGORIES = tuple(Category)
VERDICTS = (Verdict.REVIEW, Verdict.HIDE, Verdict.ESCALATE, Verdict.REVIEW)


@dataclass(frozen=True, kw_only=True)
class Filled:
    """The numbers of what was made."""

    decisions: tuple[int, ...]
    pages: tuple[str, ...]
    registrations: tuple[int, ...]
    requests: tuple[int, ...]
    fundraisers: tuple[int, ...]
    people: tuple[int, ...]
    runs: tuple[int, ...]


def fill(district: District) -> Filled:
    """Writes all of it, past the checks of forms where those would refuse: a row of before, an
    importer or a platform may have brought it."""
    pages = [_page(district, number) for number in range(PAGES)]
    decisions = _comments(district, pages)
    _alerts(district, pages)
    registrations, requests = _asked(district)
    return Filled(
        decisions=decisions,
        pages=tuple(page.id for page in pages),
        registrations=registrations,
        requests=requests,
        fundraisers=_fundraisers(district),
        people=_people(district, pages),
        runs=_runs(district, pages),
    )


def _texts(number: int, *names: str) -> dict[str, str]:
    return {name: shown(another(number, place)) for place, name in enumerate(names)}


def _page(district: District, number: int) -> Page:
    fields = _texts(
        number, "name", "school", "purpose", "manager", "administrator", "contact", "handle"
    )
    page_id = f"facebook:hostile{number}"
    with district.database.write() as s:
        s.add(
            PageRow(
                id=page_id,
                platform="facebook",
                external_id=f"hostile{number}",
                mode=Mode.ASSIST.value,
                registered_by=shown(another(number, 7)),
                token_ref="env:TOKEN",
                registered_at=district.clock.now(),
                **fields,
            )
        )
        s.flush()
        store.save_page_state(s, page_id, last_error=shown(another(number, 8)), failures=2)
        page = store.page(s, page_id)
        texts = SHORT[number::PAGES]
        posts = [
            Post(id=f"p{n}", text=text, created_at=district.clock.now())
            for n, text in enumerate(texts)
        ]
        store.record_posts(s, page_id, posts, district.clock.now())
    return page


def _comments(district: District, pages: list[Page]) -> tuple[int, ...]:
    """Each text as a comment, with others as its author, its signs and its reasons; some edited."""
    made: list[int] = []
    for place, page in enumerate(pages):
        first = [_judged(page, number) for number in range(place, len(HOSTILE), PAGES)]
        edited = [
            replace(item, comment=replace(item.comment, text=f"{item.comment.text} edited"))
            for item in first[::5]
        ]
        for items in (first, edited):
            with district.database.write() as s:
                recorded = store.record_judged(s, page, items, district.clock.advance(1))
            made += [one.decision_id for one in recorded]
    return tuple(made)


def _judged(page: Page, number: int) -> Judged:
    comment = replace(
        make_comment(HOSTILE[number], page=page, id=f"c{number}", post_id=f"p{number % 7}"),
        author_id=f"a{number % 60}",
        author_name=another(number, 1),
        permalink=another(number, 2),
    )
    return Judged(
        comment=comment,
        decision=_decision(number, comment.text),
        mode="assist",
        models={"embedded": another(number, 6)},
        config_sha256="a" * 64,
    )


def _decision(number: int, text: str) -> Decision:
    category = CATEGORIES[number % len(CATEGORIES)]
    end = min(len(text), 40)
    evidence = Evidence(
        rule=another(number, 3),
        text=text[:end],
        start=0,
        end=end,
        note=another(number, 4),
        shares=(Share(text=text[:end], start=0, end=end, share=0.5),),
    )
    return Decision(
        verdict=VERDICTS[number % len(VERDICTS)],
        hide=VERDICTS[number % len(VERDICTS)] is Verdict.HIDE,
        categories=(category,),
        signals=(
            Signal(source="rules", category=category, score=0.9, evidence=evidence),
            Signal(source=another(number, 5), category=category, score=0.4, evidence=evidence),
        ),
        clause=shown(another(number, 6)),
        thresholds={f"{category.value}.review": 0.5},
        degraded=(another(number, 7),),
        reason=shown(another(number, 8)),
    )


def _alerts(district: District, pages: list[Page]) -> None:
    now = district.clock.now()
    with district.database.write() as s:
        for number in range(ITEMS):
            fields = _texts(number, "subject", "detail", "acknowledged_by")
            seen = now if number % 3 == 0 else None
            row = AlertRow(
                kind=("brake", "needs_login", "crisis", "poll_late")[number % 4],
                page_id=pages[number % PAGES].id if number % 2 else shown(another(number, 3)),
                urgent=number % 4 == 2,
                opened_at=now,
                acknowledged_at=seen,
                over_at=now if number % 5 == 0 else None,
                **(fields if seen else {**fields, "acknowledged_by": ""}),
            )
            s.add(row)
            s.flush()
            s.add(
                AlertSendingRow(
                    alert_id=row.id or 0,
                    step=1,
                    destination=shown(another(number, 4)),
                    state=("failed", "sent", "waiting")[number % 3],
                    next_try_at=now,
                    sent_at=now,
                    error=shown(another(number, 5)),
                )
            )
            s.add(
                BrakeRow(
                    page_id=pages[number % PAGES].id,
                    key=f"rule {shown(another(number, 6))}",
                    pulled_at=now,
                    hides=3,
                    comments=5,
                    share=0.5,
                    window_minutes=60,
                )
            )


def _asked(district: District) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What the checks of the forms let through."""
    registrations, requests = [], []
    for number in range(len(SHORT)):
        names = ("name", "school", "purpose", "manager", "administrator", "contact")
        with suppress(ModbotError):
            registrations.append(district.ask_page(**_texts(number, *names)))  # type: ignore[arg-type]
        wish = _texts(number, *("name", "purpose", "school", "beneficiary"))
        with suppress(ModbotError):
            requests.append(district.ask_sale(accounts=(), **wish))  # type: ignore[arg-type]
    for number in requests[:5]:
        district.approve_sale(number)
    for place, number in enumerate(requests[5:10]):
        reason = SHORT[place]
        registry.refuse_request(
            district.database, FundraiserRequestRow, number, reason, RUIZ, district.clock.now()
        )
    return tuple(registrations), tuple(requests)


def _fundraisers(district: District) -> tuple[int, ...]:
    now, made = district.clock.now(), []
    with district.database.write() as s:
        for number in range(ITEMS):
            row = FundraiserRow(
                approved_at=now,
                links=[shown(another(number, 5))],
                accounts=[shown(another(number, 6))],
                starts_at=now - timedelta(days=1),
                ends_at=now + timedelta(days=1),
                **_texts(number, "name", "details", "approved_by", "approver_role"),
            )
            s.add(row)
            s.flush()
            made.append(row.id or 0)
    return tuple(made)


def _people(district: District, pages: list[Page]) -> tuple[int, ...]:
    with district.database.write() as s:
        rows = [
            add_person(
                s,
                name=name,
                email=f"{shown(another(number, 3))[:40]}{number}@lps.test",
                role=tuple(Role)[number % len(Role)],
                pages=[pages[number % PAGES].id] if number % 4 == 1 else None,
                now=district.clock.now(),
                by=LEE.name,
            )
            for number, name in enumerate(SHORT)
        ]
        return tuple(row.id or 0 for row in rows)


def _runs(district: District, pages: list[Page]) -> tuple[int, ...]:
    now, made = district.clock.now(), []
    with district.database.write() as s:
        for number in range(ITEMS):
            row = UndoRunRow(
                kind=("rule", "model", "person")[number % 3],
                since=now - timedelta(hours=1),
                until=now,
                through=1,
                pages=[pages[number % PAGES].id],
                set_sha256=f"{number:064}",
                state=("done", "paused", "stopped")[number % 3],
                made_at=now,
                **_texts(number, "subject", "reason", "made_by"),
            )
            s.add(row)
            s.flush()
            made.append(row.id or 0)
    return tuple(made)
