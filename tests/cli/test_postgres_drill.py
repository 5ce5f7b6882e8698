"""The drill of docs/operate.md for PostgreSQL: pg_dump, the server is lost, pg_restore, go on."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import URL, text
from sqlalchemy.exc import ProgrammingError

from modbot.audit import verify
from modbot.store.postgres import open_postgres
from tests import postgres_server as servers
from tests.cli.conftest import Run
from tests.prerequisites import postgres_programs
from tests.records import HIDE, PAGE, add_page, fill, judged, record

pytestmark = pytest.mark.postgres


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A database that was dumped and put back on the same server, and what proves it."""

    run: Run
    home: Path
    config: Path
    before: URL
    url: URL  # of the new database
    dump: Path
    proof: tuple[str, ...]  # arguments of `modbot verify`


def program(name: str, url: URL, *arguments: str) -> None:
    """Runs PostgreSQL's own program as the owner of the tables."""
    folder = postgres_programs()
    assert folder is not None
    done = subprocess.run(
        [str(folder / name), *arguments],
        env={"PGPASSWORD": servers.PASSWORD, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr


def libpq(url: URL) -> str:
    """The owner's address as PostgreSQL's programs take it, without the password."""
    return f"postgresql://{servers.OWNER}@{url.host}:{url.port}/{url.database}"


def counted(url: URL) -> dict[str, int]:
    """How many rows each table has."""
    tables = servers.server().sql(
        "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace "
        "AND relkind = 'r'",
        str(url.database),
    )
    return {
        name: servers.server().sql(f'SELECT count(*) FROM "{name}"', str(url.database))[0][0]
        for (name,) in tables
    }


def witness(run: Run, config: Path, safe: Path) -> tuple[str, ...]:
    """A signed checkpoint that is kept elsewhere, as arguments of `modbot verify`."""
    made = run("checkpoint", "keygen", str(safe / "key"), "--json", config=config).json
    with (config / "modbot.toml").open("a") as file:
        file.write(f'[checkpoints]\nkey = "file:{safe / "key"}"\n')
    checkpoint = run("checkpoint", "make", "--json", config=config).json["file"]
    shutil.copy(checkpoint, safe / "checkpoint.json")
    fingerprint: str = made["fingerprint"]
    return ("--against", str(safe / "checkpoint.json"), "--fingerprint", fingerprint)


@pytest.fixture
def restored(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Restored:
    before = servers.own_url()
    home, safe = tmp_path / "home", tmp_path / "safe"
    safe.mkdir()
    config = servers.configured(home, before).folder
    with closing(open_postgres(before, home)) as opened:
        add_page(opened, PAGE)
        fill(opened)
    proof = witness(run, config, safe)

    dump = safe / "modbot.dump"
    program("pg_dump", before, "--format=custom", f"--file={dump}", libpq(before))

    name = f"{before.database}_new"
    servers.make_empty(servers.server(), name)
    url = servers.server().url(name)
    arguments = ("--exit-on-error", "--no-owner", f"--role={servers.OWNER}")
    program("pg_restore", url, *arguments, f"--dbname={libpq(url)}", str(dump))
    servers.configured(home, url)
    monkeypatch.setenv("OWNER_PASSWORD", servers.PASSWORD)
    owner = ("--owner", servers.OWNER, "--password", "env:OWNER_PASSWORD")
    upgraded = run("db", "upgrade", *owner, config=config)
    assert upgraded.code == 0, upgraded.err
    return Restored(
        run=run, home=home, config=config, before=before, url=url, dump=dump, proof=proof
    )


def test_every_row_is_back_and_agrees_with_the_checkpoint_of_before(restored: Restored) -> None:
    assert counted(restored.url) == counted(restored.before)
    verified = restored.run("verify", *restored.proof, "--json", config=restored.config)
    assert verified.json["ok"] and not verified.json["problems"]
    assert "trigger" not in verified.err, "the guards are back as well"


def test_the_service_goes_on_there_and_may_still_only_add(restored: Restored) -> None:
    with closing(open_postgres(restored.url, restored.home)) as opened:
        record(opened, judged("of after", decision=HIDE))
        assert verify(opened).ok
        for change in ("UPDATE audit SET kind = 'x'", "DELETE FROM decision", "TRUNCATE comment"):
            with pytest.raises(ProgrammingError, match="permission denied"), opened.write() as s:
                s.connection().execute(text(change))


def test_a_row_that_was_changed_on_the_way_is_found(restored: Restored) -> None:
    with servers.server().administrator(str(restored.url.database)) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE decision SET reason = 'another' WHERE id = 1")
    verified = restored.run("verify", *restored.proof, "--json", config=restored.config)
    assert verified.code == 1 and not verified.json["ok"]
