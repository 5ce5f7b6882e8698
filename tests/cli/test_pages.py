"""`modbot pages`, `poll` and `fundraisers`."""

from __future__ import annotations

from modbot import store
from modbot.store import Database
from tests.cli.conftest import Run


def test_pages_are_added_listed_and_changed(run: Run) -> None:
    added = run(
        *("pages", "add", "--platform", "facebook", "--id", "1001", "--name", "Lawrence High"),
        *("--token", "env:FB", "--district-owned", "--by", "ada", "--json"),
    )
    assert (added.code, added.json["id"], added.json["mode"]) == (0, "facebook:1001", "observe")
    assert run("pages", "mode", "facebook:1001", "assist", "--json").json["mode"] == "assist"
    assert run("pages", "pause", "facebook:1001", "--json").json["paused"] is True
    assert "paused" in run("pages", "list").out
    assert run("pages", "resume", "facebook:1001", "--json").json["paused"] is False
    changed = run("pages", "token", "facebook:1001", "file:/run/fb", "--json")
    assert changed.json["token_ref"] == "file:/run/fb"
    (listed,) = run("pages", "list", "--json").json["pages"]
    assert (listed["mode"], listed["failures"], listed["last_success_at"]) == ("assist", 0, None)
    assert run("verify", "--json").json["rows"] == 5


def test_a_name_cannot_act_on_the_terminal(run: Run) -> None:
    name = "\x1b[2Jschool\u202e"
    new = ("--platform", "facebook", "--id", "1001", "--token", "env:FB", "--district-owned")
    added = run("pages", "add", *new, "--name", name).out
    sale = run("fundraisers", "add", name, "--approved-by", "Dr. Lee").out
    for said in (added, run("pages", "list").out, sale, run("fundraisers", "list").out):
        assert "school" in said and not set(said) & {"\x1b", "\u202e"}


def test_pages_check_tells_which_token_cannot_do_the_job(run: Run, page: str) -> None:
    answer = run("pages", "check", "--json")
    (checked,) = answer.json["pages"]
    assert (answer.code, answer.json["ok"], checked["ok"]) == (1, False, False)
    assert "env:MODBOT_TEST_NOT_SET is not set" in checked["error"]


def test_poll_tells_which_page_could_not_be_read(run: Run, page: str) -> None:
    answer = run("poll", page, "--json")
    (polled,) = answer.json["pages"]
    assert (answer.code, polled["page_id"], polled["new"]) == (1, page, 0)
    assert "MODBOT_TEST_NOT_SET" in polled["error"]
    assert "needs a new token" in run("pages", "list").out


def test_poll_is_refused_while_another_instance_works_on_the_data(
    run: Run, page: str, database: Database
) -> None:
    with store.lock_data(database.path):
        answer = run("poll", "--json")
    assert (answer.code, "another instance" in answer.json["error"]) == (75, True)


def test_fundraisers_are_added_listed_and_ended(run: Run) -> None:
    added = run(
        *("fundraisers", "add", "Band candy", "--approved-by", "Dr. Lee"),
        *("--ends", "2099-12-18", "--starts", "2026-03-02", "--role", "Principal", "--json"),
        *("--link", "lhs-band.org", "--link", "fund.example/lhs", "--account", "$lhsband"),
    )
    assert added.json["ends_at"] == "2099-12-19T05:00:00+00:00"  # midnight in Lawrence
    assert added.json["starts_at"] == "2026-03-02T05:00:00+00:00"
    assert added.json["links"] == ["lhs-band.org", "fund.example/lhs"]
    assert (added.json["accounts"], added.json["approver_role"]) == (["$lhsband"], "Principal")
    listed = run("fundraisers", "list", "--json").json["fundraisers"]
    assert [f["name"] for f in listed] == ["Band candy"]
    assert run("fundraisers", "end", "1", "--json").code == 0
    assert run("fundraisers", "list", "--json").json == {"fundraisers": []}
    assert "Band candy" in run("fundraisers", "list", "--ended").out
