"""`modbot people`, and the first link of `modbot web`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from modbot.errors import PersonRefused
from modbot.people import Role, passwords
from modbot.people.accounts import add_person, by_email
from modbot.people.demo import open_demo
from modbot.people.invitations import accept
from modbot.people_tables import PersonRow
from modbot.store import Database
from tests.cli.conftest import Run
from tests.cli.test_process import modbot
from tests.fakes import SCHOOL_DAY

PASSWORD = "four lamps under a river"


def open_db(folder: Path) -> Database:
    return Database.open(f"sqlite:///{folder.parent / 'modbot.db'}")


def add(folder: Path, name: str, role: Role) -> None:
    database = open_db(folder)
    with database.write() as s:
        add_person(s, name=name, email=f"{name}@lps.test", role=role, now=SCHOOL_DAY, by="ada")
    database.close()


def use(folder: Path, link: str, **answers: str) -> PersonRow:
    """What the link's form does."""
    from modbot.cli.surroundings import utc_now

    database = open_db(folder)
    with database.write() as s:
        row = accept(
            s,
            link.rpartition("/")[2],
            kinds=("first", "invited", "password"),
            password=PASSWORD,
            hashed=passwords.hash_password(PASSWORD),
            now=utc_now(),
            **{"name": "", "email": "", **answers},
        )
    database.close()
    return row


def test_somebody_is_invited_listed_and_disabled(run: Run, folder: Path, page: str) -> None:
    add(folder, "dana", Role.ADMIN)
    made = run("people", "invite", "Ana@LPS.test", "--role", "manager", "--page", page, "--json")
    link = made.json["link"]
    assert re.fullmatch(r"http://127\.0\.0\.1:0/invited/[\w-]{43}", link)
    assert use(folder, link, name="Ana").pages == [page]
    listed = {p["email"]: p for p in run("people", "list", "--json").json["people"]}
    assert listed["ana@lps.test"]["role"] == "manager" and listed["ana@lps.test"]["password"]
    assert "ana@lps.test" in run("people", "list").out
    assert run("people", "disable", "ana@lps.test", "--by", "ada").code == 0
    listed = {p["email"]: p for p in run("people", "list", "--json").json["people"]}
    assert listed["ana@lps.test"]["disabled"] is True
    assert run("verify", "--json").json["ok"]


def test_a_link_lets_an_admin_back_in_whose_password_is_lost(run: Run, folder: Path) -> None:
    add(folder, "dana", Role.ADMIN)
    link = run("people", "link", "dana@lps.test", "--json").json["link"]
    later = re.search(r"http://\S+", run("people", "link", "dana@lps.test").out)
    assert later is not None
    with pytest.raises(PersonRefused):
        use(folder, link)
    link = later[0]
    assert use(folder, link).name == "dana"
    database = open_db(folder)
    with database.read() as s:
        row = by_email(s, "dana@lps.test")
    database.close()
    assert row is not None and passwords.matches(row.password_hash, PASSWORD)


def test_the_last_admin_and_strangers_are_refused_in_one_line(run: Run, folder: Path) -> None:
    add(folder, "dana", Role.ADMIN)
    last = run("people", "disable", "dana@lps.test")
    assert last.code == 2 and "last admin" in last.err and last.err.count("\n") == 1
    assert run("people", "link", "eve@lps.test").code == 2
    assert run("people", "invite", "a@lps.test", "--role", "owner").code == 2
    assert run("people", "invite", "nonsense").code == 2
    assert run("people", "invite", "a@lps.test", "--page", "x:9").code == 2


def test_nobody_runs_a_district_on_the_demos_database(folder: Path) -> None:
    database = open_db(folder)
    with database.write() as s:
        open_demo(s, SCHOOL_DAY)
    database.close()
    for command in ("run", "web"):
        done = modbot(command, "--config", str(folder))
        assert done.returncode == 78 and b"the demo's" in done.stderr


def test_at_the_server_nobody_gives_the_record_name_of_somebody_who_signs_in(
    folder: Path, run: Run
) -> None:
    add(folder, "cleo", Role.ADMIN)
    add(folder, "ana", Role.VIEWER)
    (told,) = [p for p in run("people", "list", "--json").json["people"] if p["name"] == "ana"]
    assert told["in_the_record"] == "ana #2"
    refused = run("people", "disable", "ana@lps.test", "--by", "cleo #1")
    assert refused.code == 2 and "somebody's who signed in" in refused.err
    assert not told["disabled"]
