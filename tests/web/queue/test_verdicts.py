"""Verdicts given in the queue over HTTP: recorded, refused, taken back, handed on."""

from __future__ import annotations

import pytest
from sqlmodel import select

from modbot import store
from modbot.domain import ActionKind, ActionState, Category, Verdict
from modbot.tables import ActionRow
from tests.web.queue.answers import (
    BY_HAND,
    CASE,
    CRISIS,
    INSULT,
    SALE,
    THREAT,
    WAITING,
    asked,
    count,
    decide,
    made,
    place,
)
from tests.web.queue_day import LPS, judged, rule, shipped_policy
from tests.web.queue_day import made as said
from tests.web.school import ALLOWED, FakeService, record
from tests.web.signed_in import Site


def test_a_verdict_is_recorded_and_leads_to_the_next_item(ana: Site, service: FakeService) -> None:
    ana.get("/queue")
    answer = decide(ana, THREAT, "hide", note="sent to the principal")
    last = made(service)[-1]
    assert place(answer) == f"/queue/{CRISIS}?did={last.id}"
    assert (last.verdict, last.hide, last.actor) == ("hide", True, "Ana Ruiz #2")
    assert last.reason == "sent to the principal"
    assert asked(service) == [("hide", last.id)]
    page = ana.get(place(answer)).text
    assert "You hid the comment by <bdi>Rick D.</bdi> on <bdi>School 1</bdi>." in page
    assert f'action="/decisions/{last.id}/take-back"' in page
    assert count(service) == WAITING - 1


def test_what_is_left_up_asks_nothing_of_the_platform(ana: Site, service: FakeService) -> None:
    decide(ana, INSULT, "allow")
    assert (made(service)[-1].verdict, asked(service)) == ("allow", [])


def test_progress_counts_this_sitting(ana: Site) -> None:
    first = ana.get(place(ana.get("/queue")))
    cookie = f"modbot-sitting={first.cookies['modbot-sitting']}"
    decide(ana, INSULT, "allow")
    decide(ana, SALE, "allow")
    assert "2 of 20 done in this sitting" in ana.get(f"/queue/{THREAT}", cookie=cookie).text


@pytest.mark.parametrize("verdict", ["hide", "escalate"])
def test_a_missing_reason_is_asked_for_and_nothing_is_lost(
    ana: Site, service: FakeService, verdict: str
) -> None:
    answer = decide(ana, CASE, verdict, note="   ")
    assert answer.status_code == 422
    assert "The policy asks for a reason here." in answer.text
    assert f'name="verdict" value="{verdict}"' in answer.text
    assert made(service) == []
    assert place(decide(ana, CASE, verdict, reason="A question for counsel"))
    assert made(service)[-1].reason == "A question for counsel"


def test_a_note_that_is_too_long_comes_back_whole(ana: Site, service: FakeService) -> None:
    long = "wörd " * 250
    answer = decide(ana, INSULT, "hide", note=long, reason="A false alarm")
    assert answer.status_code == 422
    assert long.strip() in answer.text
    assert made(service) == []


def test_undo_takes_back_ones_own_verdict_and_opens_the_item_again(
    ana: Site, service: FakeService
) -> None:
    decide(ana, INSULT, "hide")
    hid = made(service)[-1]
    answer = ana.post(f"/decisions/{hid.id}/take-back")
    back = made(service)[-1]
    assert place(answer) == f"/queue/{back.id}?said=taken-back"
    assert (back.verdict, back.hide) == ("review", False)
    assert back.key.endswith(f":back:{hid.id}")
    assert asked(service) == [("hide", hid.id), ("restore", back.id)]
    assert count(service) == WAITING
    page = ana.get(place(answer)).text
    assert "Taken back: this comment waits again" in page
    assert "<bdi>offensive:idiots</bdi></code></a> matched" in page  # why it waited at first
    assert ana.post(f"/decisions/{back.id}/take-back").status_code == 409
    assert ana.post(f"/decisions/{hid.id}/take-back").status_code == 409
    assert len(made(service)) == 2


def test_undo_of_a_leave_up_hides_again_what_was_hidden(ana: Site, service: FakeService) -> None:
    """A threat that the bot hid at once, and that still waits for a person."""
    text = "I will find you all"
    signal = rule(Category.THREAT, text, "find you")
    decision = judged(shipped_policy(), text, signal, verdict=Verdict.ESCALATE, hide=True)
    (stored,) = record(service, [(text, decision)], action=ActionKind.HIDE, prefix="late")
    with service.database.write() as s:
        store.finish_action(
            s, stored.action_id or 0, ActionState.CONFIRMED, "done", service.clock.now()
        )
    page = ana.get(f"/queue/{stored.decision_id}").text
    assert "It stays hidden." in page
    assert "Facebook is asked to show it again." in page
    decide(ana, stored.decision_id or 0, "allow", reason="An exaggeration, not a threat")
    left_up = made(service)[-1]
    ana.post(f"/decisions/{left_up.id}/take-back")
    back = made(service)[-1]
    assert asked(service)[1:] == [("restore", left_up.id), ("hide", back.id)]
    assert (back.verdict, back.hide) == ("review", True)


def test_only_whoever_decided_takes_it_back(ana: Site, ben: Site, service: FakeService) -> None:
    decide(ana, INSULT, "hide")
    number = made(service)[-1].id
    assert ben.post(f"/decisions/{number}/take-back").status_code == 409
    assert "whoever gave that verdict" in ben.post(f"/decisions/{number}/take-back").text
    assert f"/decisions/{number}/take-back" not in ben.get(f"/queue?did={number}").text
    assert len(made(service)) == 1


def test_what_is_handed_on_waits_for_an_administrator(
    ana: Site, chief: Site, service: FakeService
) -> None:
    assert decide(ana, INSULT, "escalate").status_code == 422  # the note is what it is for
    decide(ana, INSULT, "escalate", note="Is this one of our bus drivers?")
    handed_on = made(service)[-1].id
    assert count(service) == WAITING
    page = ana.get(f"/queue/{handed_on}").text
    assert "Handed on to the administrators by <bdi>Ana Ruiz #2</bdi>," in page
    assert 'name="verdict"' not in page
    assert "1 more is with the administrators." in page
    refused = decide(ana, handed_on or 0, "allow")
    assert refused.status_code == 409
    assert "This takes an administrator" in refused.text
    assert place(chief.get("/queue")) == f"/queue/{handed_on}"
    page = chief.get(f"/queue/{handed_on}").text
    assert "Is this one of our bus drivers?" in page
    assert 'value="escalate"' not in page
    assert place(decide(chief, handed_on or 0, "allow"))
    assert [d.actor for d in made(service)] == ["Ana Ruiz #2", "Cleo Vance #3"]


def test_ones_own_handing_on_can_be_undone(ana: Site, service: FakeService) -> None:
    decide(ana, INSULT, "escalate", note="?")
    answer = ana.post(f"/decisions/{made(service)[-1].id}/take-back")
    assert answer.status_code == 303, "whoever handed it on may take it back"
    assert made(service)[-1].verdict == "review"


def test_a_stale_form_shows_what_happened_meanwhile(
    ana: Site, ben: Site, service: FakeService
) -> None:
    decide(ana, INSULT, "allow", note="only opinion")
    answer = decide(ben, INSULT, "hide")
    assert answer.status_code == 409
    assert "<bdi>Ana Ruiz #2</bdi> decided on it meanwhile:" in answer.text
    assert "only opinion" in answer.text
    assert decide(ana, INSULT, "allow").status_code == 409  # the same form sent twice
    assert len(made(service)) == 1


def edit(service: FakeService, comment_id: str, text: str) -> None:
    with service.database.write() as s:
        item = store.Judged(
            comment=said(comment_id, LPS, "Driver 0", text, service), decision=ALLOWED
        )
        store.record_judged(s, LPS, [item], service.clock.now())


def test_an_edit_makes_a_verdict_on_the_old_text_void(ana: Site, service: FakeService) -> None:
    edit(service, "q3", "Thank you, drivers")
    assert "The comment was edited since." in ana.get(f"/queue/{INSULT}").text
    answer = decide(ana, INSULT, "hide")
    assert answer.status_code == 409
    assert "The author edited the comment meanwhile." in answer.text
    assert made(service) == []


def test_what_is_gone_cannot_be_decided(ana: Site, service: FakeService) -> None:
    with service.database.write() as s:
        store.mark_gone(s, LPS.id, "q3", service.clock.now())
    assert "nothing is left to decide" in ana.get(f"/queue/{INSULT}").text
    assert decide(ana, INSULT, "hide").status_code == 409
    assert (made(service), count(service)) == ([], WAITING - 1)


def test_what_no_program_can_hide_is_removed_by_hand(ana: Site, service: FakeService) -> None:
    answer = decide(ana, BY_HAND, "hide")
    assert place(answer) == f"/queue/{BY_HAND}?by_hand=1"
    assert made(service) == []
    page = ana.get(f"/queue/{BY_HAND}?by_hand=1").text
    assert "Take a picture of it first" in page
    assert place(decide(ana, BY_HAND, "hide", by_hand="1"))
    with service.database.read() as s:
        action = s.exec(select(ActionRow)).one()
        assert (action.kind, action.state) == ("hide", "confirmed")
        assert action.answer == "removed by hand: Ana Ruiz #2"
    number = made(service)[-1].id
    ana.post(f"/decisions/{number}/take-back")
    assert asked(service) == [("hide", number)]  # no program can bring it back
    assert (made(service)[-1].verdict, made(service)[-1].hide) == ("review", True)


def test_a_form_of_another_site_decides_nothing(ana: Site, service: FakeService) -> None:
    for data in ({"csrf": "x", "verdict": "hide"}, {"csrf": "", "verdict": "hide"}):
        assert ana.post(f"/decisions/{THREAT}/verdict", data).status_code == 403
        assert ana.post(f"/decisions/{THREAT}/take-back", data).status_code == 403
        assert ana.post(f"/queue/{THREAT}/claim", data).status_code == 403
        assert ana.post("/queue/many", data).status_code == 403
        assert ana.post("/queue-settings", data).status_code == 403
    assert made(service) == []


@pytest.mark.parametrize("verdict", ["", "review", "delete", "hide\x00", "HIDE"])
def test_a_verdict_that_cannot_be_given_is_refused(
    ana: Site, service: FakeService, verdict: str
) -> None:
    assert decide(ana, INSULT, verdict).status_code == 400
    assert made(service) == []
