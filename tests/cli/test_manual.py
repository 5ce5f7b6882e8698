"""`modbot manual`: from a page without an API to a confirmed removal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run

PAGE = "manual:snapchat-lps"


@pytest.fixture
def page(run: Run) -> str:
    added = run(
        *("pages", "add", "--platform", "manual", "--id", "snapchat-lps", "--name", "LPS Snapchat"),
        *("--district-owned", "--by", "ada", "--json"),
    )
    assert (added.code, added.json["id"], added.json["token_ref"]) == (0, PAGE, "")
    return PAGE


def test_one_comment_is_judged_becomes_a_task_and_is_confirmed(run: Run, page: str) -> None:
    added = run(
        *("manual", "add", page, "--text", "you are a stupid bitch", "--author", "kid7"),
        *("--post", "Homecoming", "--json"),
    )
    (task,) = added.json["tasks"]
    assert (added.json["new"], task["author"], task["post"]) == (1, "kid7", "Homecoming")
    told = run("manual", "tasks").out
    assert "kid7 on LPS Snapchat, under Homecoming" in told and "Press and hold the comment" in told
    done = run("manual", "done", str(task["decision"]), "--by", "Ada", "--json")
    assert done.json["answers"] == task["decision"]
    assert run("manual", "tasks").out == "Nothing is to be removed.\n"
    shown = run("decisions", "show", str(done.json["decision"])).out
    assert "hide confirmed" in shown and "Removed in the app." in shown
    assert run("verify").code == 0


def test_a_file_is_taken_whole_or_not_at_all(run: Run, page: str, tmp_path: Path) -> None:
    file = tmp_path / "seen.csv"
    file.write_text("text,author,time\nhello,kid,2026-09-09 14:30\nhello,kid,noon\n", "utf-8")
    refused = run("manual", "add", page, "--csv", str(file))
    assert refused.code == 2 and f"{file}:3: time 'noon'" in refused.err
    assert run("decisions", "list", "--json").json["decisions"] == []
    file.write_text(file.read_text("utf-8").replace("noon", ""), "utf-8")
    assert run("manual", "add", page, "--csv", str(file), "--json").json["new"] == 2
    again = run("manual", "add", page, "--csv", str(file))
    assert again.out.startswith("0 new, 2 were known already")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give either --text or --csv"),
        (("--text", "hi", "--csv", "x.csv"), "give either --text or --csv"),
        (("--csv", "x.csv", "--author", "kid"), "columns of the file"),
        (("--csv", "/nowhere/x.csv"), "No such file"),
        (("--text", "  "), "the text is empty"),
    ],
)
def test_what_cannot_be_taken_is_told(
    run: Run, page: str, arguments: tuple[str, ...], said: str
) -> None:
    answer = run("manual", "add", page, *arguments)
    assert answer.code == 2 and said in answer.err


def test_a_text_cannot_act_on_the_terminal(run: Run, page: str) -> None:
    said = run(
        "manual", "add", page, "--text", "stupid bitch \x1b[2J\u202e", "--author", "\x1b[31m"
    )
    assert "bitch" in said.out and not set(said.out) & {"\x1b", "\u202e"}


def test_other_pages_take_no_lists(run: Run) -> None:
    run(
        *("pages", "add", "--platform", "feed", "--id", "blog", "--name", "Blog"),
        *("--url", "https://blog.example/?feed=comments-rss2", "--district-owned"),
    )
    answer = run("manual", "add", "feed:blog", "--text", "hi")
    assert answer.code == 2 and "read by modbot itself" in answer.err


@pytest.mark.parametrize("days", [("--days", "30"), ()])
def test_a_page_without_a_listing_has_no_past_to_read_and_that_is_said_at_once(
    run: Run, page: str, days: tuple[str, ...]
) -> None:
    answer = run("pages", "backfill", page, *days)
    assert answer.code == 2
    assert "manual:snapchat-lps has no past that can be read" in answer.err
    assert "modbot manual add" in answer.err


def test_a_list_as_a_spreadsheet_of_another_country_saves_it_is_taken(
    run: Run, page: str, tmp_path: Path
) -> None:
    file = tmp_path / "seen.csv"
    file.write_bytes("text;author\r\nolé;kid\r\n".encode("utf-8-sig"))
    assert run("manual", "add", page, "--csv", str(file), "--json").json["new"] == 1
    file.write_bytes("text,author\nolé,kid\n".encode("windows-1252"))
    refused = run("manual", "add", page, "--csv", str(file))
    assert refused.code == 2 and f"{file}:2: not UTF-8" in refused.err
    file.write_text("text,author\nolé,kid\n", "utf-8")
    assert run("manual", "add", page, "--csv", str(file), "--json").json["known"] == 1


def test_after_a_long_list_the_first_tasks_are_told_and_how_to_see_the_others(
    run: Run, page: str, tmp_path: Path
) -> None:
    file = tmp_path / "seen.csv"
    file.write_text("text\n" + "you are a stupid bitch\n" * 23, "utf-8")
    told = run("manual", "add", page, "--csv", str(file)).out
    assert told.startswith("23 new; 23 to remove in the app.")
    assert told.count("Take a picture") == 20
    assert "modbot manual tasks (3 more)" in told
    assert run("manual", "tasks").out.count("Take a picture") == 23


def test_a_feed_needs_its_address_and_other_pages_their_token(run: Run) -> None:
    new = ("--id", "1", "--name", "Blog", "--district-owned")
    feed = run("pages", "add", "--platform", "feed", *new)
    assert feed.code == 2 and "a feed needs its address" in feed.err
    youtube = run("pages", "add", "--platform", "youtube", *new)
    assert youtube.code == 2 and "--token is missing" in youtube.err
