"""`modbot backup` and `modbot restore`, on real files."""

from __future__ import annotations

import os
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from modbot import store
from modbot.audit import head, verify
from modbot.store import Database
from tests.cli.conftest import Run
from tests.records import kinds


@pytest.fixture
def live(run: Run, hidden: int, database: Database) -> Path:
    """The configured database, with a comment that is to be hidden."""
    return database.path


@contextmanager
def opened(path: Path) -> Iterator[Database]:
    database = Database.open(f"sqlite:///{path}", read_only=True)
    try:
        yield database
    finally:
        database.close()


def change(path: Path, statement: str) -> None:
    """As somebody with the file in hand would."""
    with closing(sqlite3.connect(path)) as connection, connection:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
            connection.execute(f"DROP TRIGGER {name}")
        connection.execute(statement)


def left_behind(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if "partial" in path.name]


def test_a_backup_is_one_private_file_with_every_row_of_the_record(
    run: Run, live: Path, tmp_path: Path
) -> None:
    answer = run("backup", str(tmp_path / "copy.db"), "--json", "--by", "ada")
    assert answer.code == 0, answer.err
    copy = tmp_path / "copy.db"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not Path(f"{copy}-wal").exists() and left_behind(tmp_path) == []
    assert copy.read_bytes()[18:20] == b"\x01\x01", "no WAL: it opens on read-only media"
    assert answer.json["rows"]["decision"] == 1 and answer.json["bytes"] == copy.stat().st_size
    with opened(copy) as database:
        report = verify(database)
    assert report.ok and answer.json["head"] == {"seq": report.head.seq, "hash": report.head.hash}


def test_the_log_says_who_took_a_copy(run: Run, live: Path, database: Database) -> None:
    run("backup", str(live.parent / "copy.db"), "--by", "ada")
    with database.read() as s:
        noted = store.newest_backup(s)
    assert noted is not None and noted.actor == "ada" and noted.file.endswith("copy.db")
    assert verify(database).ok


def test_it_writes_over_nothing_unless_told_to(run: Run, live: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.db"
    copy.write_text("something else")
    refused = run("backup", str(copy))
    assert refused.code == 2 and "exists already" in refused.err
    assert copy.read_text() == "something else"
    assert run("backup", str(copy), "--force").code == 0
    assert copy.read_bytes().startswith(b"SQLite format 3")


@pytest.mark.parametrize("name", ["modbot.db", "modbot.db-wal", "modbot.db.lock"])
def test_not_even_force_writes_over_the_database_itself(run: Run, live: Path, name: str) -> None:
    before = live.read_bytes()
    refused = run("backup", str(live.parent / name), "--force")
    assert refused.code == 2 and "the database itself" in refused.err
    assert live.read_bytes() == before


def test_a_folder_gets_a_file_with_the_time_in_its_name(run: Run, live: Path) -> None:
    folder = live.parent / "copies"
    folder.mkdir()
    made = Path(run("backup", str(folder), "--json").json["file"])
    assert made.parent == folder and made.match("modbot-*T*Z.db")


def test_a_backup_of_a_damaged_database_is_no_backup(run: Run, live: Path, tmp_path: Path) -> None:
    change(live, "UPDATE version SET text = 'kind words'")
    refused = run("backup", str(tmp_path / "copy.db"))
    assert refused.code == 2 and "not as it was written" in refused.err
    assert not (tmp_path / "copy.db").exists() and left_behind(tmp_path) == []


def test_the_configuration_goes_along_when_asked_and_keys_among_its_files_do_not(
    run: Run, live: Path, folder: Path, tmp_path: Path
) -> None:
    (folder / "checkpoint.key").write_text("CANARY")
    made = run("backup", str(tmp_path / "copy.db"), "--with-config", "--json").json
    with tarfile.open(made["config_file"]) as archive:
        names = archive.getnames()
    assert {"modbot.toml", "policy.toml"} < set(names)
    assert any(name.startswith("rules/") for name in names)
    assert "checkpoint.key" not in names
    assert os.stat(made["config_file"]).st_mode & 0o777 == 0o600


@pytest.fixture
def copy(run: Run, live: Path, tmp_path: Path) -> Path:
    """A backup, after which the log went on."""
    assert run("backup", str(tmp_path / "copy.db")).code == 0
    return tmp_path / "copy.db"


def test_a_backup_is_put_back_and_what_was_there_is_kept(
    run: Run, live: Path, copy: Path, database: Database, hidden: int
) -> None:
    run("decisions", "undo", str(hidden), "--by", "ada", "--reason", "a quote")
    with database.read() as s:
        lost = head(s)
    database.close()
    answer = run("restore", str(copy), "--by", "ada", "--json")
    assert answer.code == 0, answer.err
    assert answer.json["rows_not_in_backup"] == lost.seq - answer.json["audit_rows"] > 0
    with opened(live) as now:
        assert verify(now).ok and kinds(now)[-1] == "database.restored"
        with now.read() as s:
            assert head(s).seq == answer.json["audit_rows"] + 1
    assert live.stat().st_mode & 0o777 == 0o600
    before = Path(answer.json["before"])
    assert before.name.startswith("modbot.db.before-restore-2")
    with opened(before) as old, old.read() as s:
        assert head(s) == lost
    assert left_behind(live.parent) == []


def test_it_says_what_to_do_next(run: Run, copy: Path, database: Database) -> None:
    database.close()
    told = run("restore", str(copy)).out
    assert "modbot doctor" in told and "modbot run" in told and ".before-restore-" in told


def test_a_missing_database_is_restored_as_well(
    run: Run, live: Path, copy: Path, database: Database
) -> None:
    database.close()
    live.unlink()
    answer = run("restore", str(copy), "--json")
    assert (answer.code, answer.json["before"]) == (0, None)
    assert run("verify").code == 0


def test_a_damaged_database_is_replaced_with_all_that_there_is_of_it_kept(
    run: Run, live: Path, copy: Path, database: Database
) -> None:
    database.close()
    live.write_bytes(b"no database" * 1000)
    Path(f"{live}-wal").write_bytes(b"left over")
    answer = run("restore", str(copy), "--json")
    assert answer.code == 0, answer.err
    before = Path(answer.json["before"])
    assert before.read_bytes().startswith(b"no database")
    assert Path(f"{before}-wal").read_bytes() == b"left over"
    assert run("verify").code == 0


def unchanged_after(run: Run, live: Path, *arguments: str, code: int = 2) -> str:
    """What a restore says that has to leave the database alone."""
    before = live.read_bytes()
    refused = run("restore", *arguments)
    assert refused.code == code, refused.err
    assert live.read_bytes() == before
    assert [p.name for p in live.parent.iterdir() if "before-restore" in p.name] == []
    assert left_behind(live.parent) == []
    return refused.err


def test_it_refuses_while_a_service_holds_the_data(
    run: Run, live: Path, copy: Path, database: Database
) -> None:
    database.close()
    with store.lock_data(live):
        assert "another instance" in unchanged_after(run, live, str(copy), code=75)


def test_it_refuses_while_another_program_has_the_database_open(
    run: Run, live: Path, copy: Path, database: Database
) -> None:
    with database.read() as s:
        head(s)
        assert "another program" in unchanged_after(run, live, str(copy), code=75)


@pytest.mark.parametrize(
    "statement",
    ["UPDATE version SET text = 'kind words'", "DELETE FROM audit WHERE seq = 3"],
)
def test_it_refuses_a_backup_that_was_tampered_with(
    run: Run, live: Path, copy: Path, database: Database, statement: str
) -> None:
    database.close()
    change(copy, statement)
    assert "not as it was written" in unchanged_after(run, live, str(copy))


def test_it_refuses_a_backup_that_is_damaged(
    run: Run, live: Path, copy: Path, database: Database
) -> None:
    database.close()
    data = bytearray(copy.read_bytes())
    for page in range(2, len(data) // 4096):
        data[page * 4096 : page * 4096 + 64] = b"\xff" * 64
    copy.write_bytes(bytes(data))
    assert "SQLite" in unchanged_after(run, live, str(copy))


@contextmanager
def schema_of(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that may write SQLite's own list of tables and indexes."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("PRAGMA writable_schema=ON")
        yield connection


def test_it_refuses_a_backup_whose_index_disagrees_with_its_table(
    run: Run, live: Path, copy: Path, database: Database
) -> None:
    """The record is as it was written; SQLite alone sees that the file is not whole."""
    database.close()
    query = "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master WHERE name = ?"
    with schema_of(copy) as damaged:
        index = damaged.execute(query, ("action_open",)).fetchone()
        damaged.execute("DELETE FROM sqlite_master WHERE name = ?", ("action_open",))
    with schema_of(copy) as damaged:  # which now knows of no index that it should keep
        damaged.execute("UPDATE action SET next_try_at = '2030-01-01T00:00:00+00:00'")
        damaged.execute("INSERT INTO sqlite_master VALUES (?, ?, ?, ?, ?)", index)
    assert run("verify", str(copy)).code == 0
    assert "SQLite finds it damaged" in unchanged_after(run, live, str(copy))


def test_it_refuses_half_a_backup(run: Run, live: Path, copy: Path, database: Database) -> None:
    database.close()
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    assert "SQLite" in unchanged_after(run, live, str(copy))


def test_it_refuses_a_backup_of_a_newer_modbot(
    run: Run, live: Path, copy: Path, database: Database
) -> None:
    database.close()
    change(copy, "UPDATE alembic_version SET version_num = '9999'")
    assert "a newer modbot (revision 9999)" in unchanged_after(run, live, str(copy))


def test_it_refuses_what_is_no_backup(
    run: Run, live: Path, database: Database, tmp_path: Path
) -> None:
    database.close()
    (tmp_path / "text").write_text("no database")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, other:
        other.execute("CREATE TABLE t (a)")
    assert "SQLite cannot read it" in unchanged_after(run, live, str(tmp_path / "text"))
    assert "not a database of modbot" in unchanged_after(run, live, str(tmp_path / "other.db"))
    assert "no such file" in unchanged_after(run, live, str(tmp_path / "none.db"))
    assert "the database itself" in unchanged_after(run, live, str(live))


@pytest.fixture
def witnessed(run: Run, folder: Path, live: Path, tmp_path: Path) -> str:
    """A signing key that the configuration names; its fingerprint."""
    made = run("checkpoint", "keygen", str(tmp_path / "key"), "--json").json
    service = folder / "modbot.toml"
    text = service.read_text("utf-8").replace('key = ""', f'key = "file:{tmp_path / "key"}"', 1)
    service.write_text(text, "utf-8")
    return str(made["fingerprint"])


def test_a_backup_is_held_against_checkpoints_and_newer_ones_are_named(
    run: Run, live: Path, database: Database, witnessed: str, tmp_path: Path
) -> None:
    run("checkpoint", "make")
    run("backup", str(tmp_path / "copy.db"))
    run("checkpoint", "make")
    database.close()
    kept = str(live.parent / "checkpoints")
    arguments = ("--against", kept, "--fingerprint", witnessed)
    answer = run("restore", str(tmp_path / "copy.db"), *arguments, "--json")
    assert (answer.code, answer.json["checkpoints_compared"]) == (0, 1), answer.err
    assert "1 of the checkpoints are newer than the backup" in answer.err


def test_a_backup_with_a_chain_computed_anew_is_refused_by_a_checkpoint(
    run: Run, live: Path, database: Database, witnessed: str, tmp_path: Path
) -> None:
    run("checkpoint", "make")
    run("backup", str(tmp_path / "copy.db"))
    database.close()
    kept = live.parent / "checkpoints"
    with closing(sqlite3.connect(tmp_path / "copy.db")) as forged, forged:
        _compute_anew(forged)
    said = unchanged_after(run, live, str(tmp_path / "copy.db"), "--against", str(kept))
    assert "checkpoint" in said
    assert run("restore", str(tmp_path / "copy.db"), "--json").code == 0, "it is sound in itself"


def _compute_anew(connection: sqlite3.Connection) -> None:
    """Somebody else's name in the log, and every hash after it made to fit."""
    from modbot.audit.chain import CHAINED, FIRST_PREV, chain_hash

    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='trigger'"):
        connection.execute(f"DROP TRIGGER {name}")
    connection.execute("UPDATE audit SET actor = 'nobody' WHERE seq = 1")
    rows = connection.execute(f"SELECT {', '.join(CHAINED)} FROM audit ORDER BY seq").fetchall()
    prev = FIRST_PREV
    for row in rows:
        chained = (*row[:-1], prev)
        link = chain_hash(chained)
        connection.execute(
            "UPDATE audit SET prev = ?, hash = ? WHERE seq = ?", (prev, link, row[0])
        )
        prev = link


def test_a_checkpoint_that_is_newer_than_the_backup_proves_nothing(
    run: Run, live: Path, database: Database, witnessed: str, copy: Path
) -> None:
    run("checkpoint", "make")
    database.close()
    kept = str(live.parent / "checkpoints")
    with opened(live) as now, now.read() as s:
        head(s)
    assert "compare it with an older checkpoint" in refusal(run, str(copy), "--against", kept)


def refusal(run: Run, *arguments: str) -> str:
    answer = run("restore", *arguments)
    assert answer.code == 2
    return answer.err


@pytest.fixture
def older(live: Path, database: Database) -> Path:
    """The configured database, as a modbot of before revision 0003 left it."""
    from alembic import command
    from alembic.config import Config

    from modbot import migrations
    from modbot.store.database import sqlite_engine

    database.close()
    live.unlink()
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    engine = sqlite_engine(str(live), begin="BEGIN IMMEDIATE")
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0002")
    engine.dispose()
    return live


def revision(path: Path) -> str:
    with closing(sqlite3.connect(path)) as connection:
        (found,) = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found)


def test_a_backup_before_an_upgrade_leaves_the_database_as_it_is(
    run: Run, older: Path, tmp_path: Path
) -> None:
    assert run("backup", str(tmp_path / "copy.db")).code == 0
    assert (revision(older), revision(tmp_path / "copy.db")) == ("0002", "0002")


def test_a_backup_of_an_older_modbot_is_brought_up_to_date_as_it_is_put_back(
    run: Run, older: Path, tmp_path: Path
) -> None:
    from modbot import migrations

    run("backup", str(tmp_path / "copy.db"))
    older.unlink()
    answer = run("restore", str(tmp_path / "copy.db"), "--json")
    assert (answer.code, answer.json["revision"]) == (0, "0002"), answer.err
    assert revision(older) == migrations.HEAD
    assert revision(tmp_path / "copy.db") == "0002", "the backup is left alone"
    assert run("verify").code == 0
