from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlmodel import SQLModel

from modbot import audit, migrations, registry, tables
from modbot.audit import head, verify
from modbot.domain import Actor, Post
from modbot.errors import StoreUnreadable
from modbot.store import Database, record_posts
from modbot.store.database import sqlite_engine, sqlite_module
from tests.fakes import SCHOOL_DAY
from tests.records import NOON, PAGE, judged, open_database, record

ADA = Actor(kind="person", name="ada")
FIRST_TABLES = {
    *("alembic_version", "audit", "fundraiser", "page", "service", "comment", "page_state"),
    *("post", "version", "decision", "action", "decision_category"),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "modbot.db"


def test_the_revisions_make_exactly_the_tables(path: Path) -> None:
    database = Database.open(f"sqlite:///{path}")
    with database.read() as session:
        context = MigrationContext.configure(session.connection(), opts={"compare_type": True})
        assert compare_metadata(context, tables.SQLModel.metadata) == []
        assert set(SQLModel.metadata.tables) >= {"audit", "comment", "decision"}
    database.close()


def test_head_and_order_are_those_of_the_revision_files() -> None:
    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    scripts = ScriptDirectory.from_config(config)

    assert scripts.get_current_head() == migrations.HEAD
    files = [script.revision for script in scripts.walk_revisions()]
    assert tuple(reversed(files)) == migrations.REVISIONS


def test_opening_again_changes_nothing(path: Path) -> None:
    def schema() -> list[tuple[str, ...]]:
        with closing(sqlite_module.connect(path)) as connection:
            return list(connection.execute("SELECT name, sql FROM sqlite_master ORDER BY name"))

    Database.open(f"sqlite:///{path}").close()
    first = schema()
    Database.open(f"sqlite:///{path}").close()
    assert schema() == first


def test_a_database_of_a_newer_modbot_is_refused_and_left_alone(path: Path) -> None:
    Database.open(f"sqlite:///{path}").close()
    with closing(sqlite_module.connect(path)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()

    with pytest.raises(StoreUnreadable, match="newer modbot"):
        Database.open(f"sqlite:///{path}")


def test_someone_elses_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with closing(sqlite_module.connect(path)) as connection:
        connection.execute("CREATE TABLE recipe (id INTEGER)")
        connection.commit()

    with pytest.raises(StoreUnreadable, match="not a modbot database"):
        Database.open(f"sqlite:///{path}")
    with closing(sqlite_module.connect(path)) as connection:
        assert [r[0] for r in connection.execute("SELECT name FROM sqlite_master")] == ["recipe"]


def test_an_upgrade_that_breaks_off_leaves_nothing_behind(path: Path) -> None:
    path.parent.mkdir()
    engine = sqlite_engine(str(path), begin="BEGIN IMMEDIATE")
    with pytest.raises(RuntimeError), engine.begin() as connection:
        migrations.upgrade(connection)
        raise RuntimeError("power cut")
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar() == 0
    engine.dispose()

    Database.open(f"sqlite:///{path}").close()


def drop_later_tables(connection: Any) -> None:
    """Takes out every table that a revision after 0003 brought."""
    found = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
    )
    for (name,) in found.fetchall():
        if name not in FIRST_TABLES:
            connection.execute(f"DROP TABLE IF EXISTS {name}")
    for index in ("comment_by_parent", "comment_by_author"):
        connection.execute(f"DROP INDEX {index}")


def test_an_approval_of_before_the_terms_is_kept_and_still_vouched_for(path: Path) -> None:
    database = Database.open(f"sqlite:///{path}")
    registry.add_fundraiser(
        database, name="Candles", approved_by="Dr. Lee", actor=ADA, now=SCHOOL_DAY
    )
    database.close()
    with closing(sqlite_module.connect(path)) as connection:  # as revision 0001 left it
        for name in ("approver_role", "links", "accounts", "starts_at"):
            connection.execute(f"ALTER TABLE fundraiser DROP COLUMN {name}")
        connection.execute("DROP TRIGGER post_delete")
        drop_later_tables(connection)
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
        connection.commit()

    database = Database.open(f"sqlite:///{path}")
    (kept,) = registry.list_fundraisers(database)
    assert (kept.name, kept.links, kept.accounts, kept.starts_at) == ("Candles", (), (), None)
    assert audit.verify(database).ok
    database.close()


def test_an_older_record_is_vouched_for_as_it_stands_and_stays_sound(tmp_path: Path) -> None:
    """Before 0003 a comment's visibility and a post's text had no hash."""
    database = open_database(tmp_path)
    record(database, *(judged(f"c{n}") for n in range(3)))
    with database.write() as session:
        last = head(session)
        record_posts(session, PAGE, [Post(id="p", text="Bus", created_at=NOON)], NOON)
    database.close()
    path = tmp_path / "modbot.db"
    with closing(sqlite_module.connect(path)) as connection:
        for trigger in ("audit_delete", "post_delete"):
            connection.execute(f"DROP TRIGGER {trigger}")
        connection.execute("DELETE FROM audit WHERE kind = 'post.seen'")
        connection.execute("UPDATE sqlite_sequence SET seq = ?", (last.seq,))
        connection.execute("UPDATE comment SET hidden = 1 WHERE id = 2")  # left no trace then
        drop_later_tables(connection)
        connection.execute("UPDATE alembic_version SET version_num = '0002'")
        connection.commit()

    database = Database.open(f"sqlite:///{path}")
    assert verify(database, [last]).ok
    with database.read() as session:
        told = session.connection().exec_driver_sql(
            "SELECT kind, count(*) FROM audit WHERE seq > ? GROUP BY kind", (last.seq,)
        )
        assert sorted(map(tuple, told)) == [("comment.vouched", 3), ("post.vouched", 1)]
    database.close()
    for change in ("UPDATE comment SET hidden = 0 WHERE id = 2", "UPDATE post SET text = 'x'"):
        copy = tmp_path / "copy.db"
        shutil.copy(path, copy)
        with closing(sqlite_module.connect(copy)) as connection:
            connection.execute(change)
            connection.commit()
        database = Database.open(f"sqlite:///{copy}", read_only=True)
        assert {p.table for p in verify(database).problems} & {"comment", "post"}
        database.close()
