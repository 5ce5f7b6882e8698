"""Commands on a database that is on a PostgreSQL server."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import pytest

from modbot import migrations
from modbot.store.postgres import hold_postgres, open_postgres
from tests import postgres_server as servers
from tests.cli.conftest import Run
from tests.records import PAGE, add_page, fill

pytestmark = pytest.mark.postgres


def test_the_command_line_works_on_it(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    servers.make_empty(servers.server(), "line")
    url = servers.server().url("line")
    home = tmp_path / "home"
    home.mkdir()
    config = servers.configured(home, url).folder
    assert "modbot db upgrade" in run("pages", "list", config=config).err
    monkeypatch.setenv("OWNER_PASSWORD", servers.PASSWORD)
    owner = ("--owner", servers.OWNER, "--password", "env:OWNER_PASSWORD")
    upgraded = run("db", "upgrade", *owner, "--json", config=config)
    assert (upgraded.json["before"], upgraded.json["revision"]) == ("", migrations.HEAD)
    with closing(open_postgres(url, home)) as opened:
        add_page(opened, PAGE)
        fill(opened)

    assert run("verify", "--json", config=config).json["ok"]
    export = home / "out.jsonl"
    assert run("export", str(export), "--what", "record", config=config).code == 0
    lines = [json.loads(line) for line in export.read_text("utf-8").splitlines()]
    assert {row["by_page"] for row in lines if row["table"] == "comment"} <= {0, 1}
    assert not any(value is True or value is False for row in lines for value in row.values())
    assert run("replay", "--json", config=config).code == 0
    assert "modbot replay" in run("explain", "1", config=config).err  # nothing was kept
    examined = run("doctor", config=config)
    assert "may add to the record, and change or delete nothing of it" in examined.out
    assert servers.PASSWORD not in examined.out + examined.err
    refused = run("backup", str(home / "copy"), config=config)
    assert refused.code != 0 and "pg_dump" in refused.err
    with hold_postgres(url):
        refused = run("poll", config=config)
        assert refused.code == 75 and "another instance" in refused.err
