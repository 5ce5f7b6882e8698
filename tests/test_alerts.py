"""A person is told of an incident once, and again only when it was over in between."""

from __future__ import annotations

import pytest
import structlog.testing

from modbot.alerts import Alert, Alerter, log_alert

LOGIN = Alert(kind="needs_login", page_id="facebook:1", detail="make a new token")


@pytest.fixture
def told() -> list[Alert]:
    return []


@pytest.fixture
def alerter(told: list[Alert]) -> Alerter:
    return Alerter((told.append,))


def test_an_incident_is_told_once(alerter: Alerter, told: list[Alert]) -> None:
    assert [alerter.send(LOGIN), alerter.send(LOGIN)] == [True, False]
    assert told == [LOGIN]


def test_an_incident_that_was_over_is_told_again(alerter: Alerter, told: list[Alert]) -> None:
    alerter.send(LOGIN)
    alerter.over("needs_login", "facebook:1")
    assert alerter.send(LOGIN)
    assert told == [LOGIN, LOGIN]


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Alert(kind="quota_spent", page_id="facebook:1"), id="kind"),
        pytest.param(Alert(kind="needs_login", page_id="facebook:2"), id="page"),
        pytest.param(Alert(kind="needs_login", page_id="facebook:1", decision_id=7), id="decision"),
    ],
)
def test_another_incident_is_told_beside_it(
    alerter: Alerter, told: list[Alert], other: Alert
) -> None:
    alerter.send(LOGIN)
    assert alerter.send(other)
    assert told == [LOGIN, other]


def test_what_is_over_on_one_page_stays_open_on_another(alerter: Alerter) -> None:
    alerter.send(LOGIN)
    alerter.over("needs_login", "facebook:2")
    alerter.over("quota_spent", "facebook:1")
    assert not alerter.send(LOGIN)


def test_every_sink_hears_of_it() -> None:
    here: list[Alert] = []
    there: list[Alert] = []
    Alerter((here.append, there.append)).send(LOGIN)
    assert here == there == [LOGIN]


def test_without_another_sink_an_alert_is_a_warning_in_the_log() -> None:
    with structlog.testing.capture_logs() as events:
        Alerter().send(LOGIN)
        log_alert(Alert(kind="threat", page_id="x:1", decision_id=4))
    assert [(e["event"], e["log_level"], e["kind"]) for e in events] == [
        ("alert", "warning", "needs_login"),
        ("alert", "warning", "threat"),
    ]
    assert (events[0]["detail"], events[1]["decision"]) == ("make a new token", 4)
