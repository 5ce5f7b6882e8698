"""What the preview of an undo counts, and what cannot be asked of it."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import urlencode

import pytest

from modbot import review
from modbot.domain import Actor, Category, Decision, Verdict
from tests.web.conftest import Site
from tests.web.school import FakeService, insult_score, record, swearing
from tests.web.test_undo import RULE, SINCE, TEXT, hidden, preview

ANA = Actor(kind="person", name="Ana Peña")


@pytest.mark.parametrize(
    "query",
    [
        {"subject": ""},
        {"subject": "a\x00b"},
        {"subject": "x" * 400},
        {"since": "yesterday"},
        {"since": ""},
        {"since": "0001-01-01T00:00"},
        {"since": "9999-12-31T23:59"},
        {"since": "2026-09-09T10:00", "until": "2026-09-09T09:00"},
        {"until": "x"},
        {"kind": "planet"},
        {"page": "facebook:nowhere"},
    ],
)
def test_what_cannot_be_asked_is_refused(
    service: FakeService, site: Site, query: dict[str, str]
) -> None:
    hidden(service, 1)
    asked = {"kind": "rule", "subject": RULE, "since": SINCE, **query}
    assert site.get(f"/undo/preview?{urlencode(asked)}").status_code == 400


def of_the_model() -> Decision:
    """A hide that rests on a model's word alone."""
    hit = replace(insult_score(0.97), category=Category.PROFANITY)
    limits = {"profanity.model_review": 0.7, "profanity.model_hide": 0.9}
    return swearing(TEXT, "frick", signals=(hit,), thresholds=limits)


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({}, 3),
        ({"subject": "'; DROP TABLE decision; --"}, 0),
        ({"subject": '%_"\\ <b>ñ{{7*7}}'}, 0),
        ({"kind": "model", "subject": "embedded 1.0"}, 2),
        ({"kind": "model", "subject": "embedded"}, 2),
        ({"kind": "model", "subject": "embedded 1.1"}, 0),
        ({"kind": "model", "subject": "rules"}, 0),
        ({"kind": "person", "subject": "Ana Peña"}, 1),
        ({"kind": "person", "subject": "Ana Pena"}, 0),
    ],
)
def test_the_preview_counts_what_that_one_did_and_nothing_else(
    service: FakeService, site: Site, query: dict[str, str], number: int
) -> None:
    hidden(service, 3)
    record(service, [(TEXT, of_the_model())] * 2, prefix="m")
    review.resolve(service.database, 5, Verdict.HIDE, ANA, "right", service.clock.now())
    service.clock.advance(60)
    html = preview(site, **query)
    comments = "comment" if number == 1 else "comments"
    assert f"What would become of {number} {comments}<" in html
    assert ("Nothing was done there in that time." in html) == (number == 0)
    assert "<b>" not in html and "49" not in re.findall(r"ñ\S+", html)
