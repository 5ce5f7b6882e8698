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

from modbot import (  # noqa: F401  whatever has tables
    alert_tables,
    audit,
    migrations,
    past_tables,
    people_tables,
    registry,
    room_tables,
    tables,
)
from modbot.audit import Head, head, verify
from modbot.domain import Actor, Post
from modbot.errors import StoreUnreadable
from modbot.store import Choice, Database, LogColumns, LogSearch, read_query, record_posts
from modbot.store.database import sqlite_engine, sqlite_module
from modbot.store.log_lines import fill_lines
from tests.fakes import SCHOOL_DAY
from tests.records import NOON, PAGE, judged, open_database, record

ADA = Actor(kind="person", name="ada")
FIRST_TABLES = {
    *("alembic_version", "audit", "fundraiser", "page", "service", "comment", "page_state"),
    *("post", "version", "decision", "action", "decision_category"),
}


def drop_page_facts(connection: Any) -> None:
    for name in ("school", "purpose", "manager", "administrator", "contact"):
        connection.execute(f"ALTER TABLE page DROP COLUMN {name}")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "modbot.db"


def leave_out_the_text_search(
    _object: object, name: str | None, kind: str, _reflected: bool, _to: object
) -> bool:
    """SQLAlchemy knows no virtual tables, nor those that FTS5 keeps its index in."""
    return not (kind == "table" and str(name).startswith("log_text"))


def drop_log_tables(connection: Any) -> None:
    """Takes back 0007."""
    for table in ("log_text", "log_line", "log_name"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.execute(
        "CREATE TABLE decision_category (decision_id INTEGER NOT NULL, category VARCHAR NOT NULL)"
    )
    connection.execute("CREATE INDEX decision_by_page_verdict ON decision (page_id, verdict, id)")


def test_the_revisions_make_exactly_the_tables(path: Path) -> None:
    database = Database.open(f"sqlite:///{path}")
    with database.read() as session:
        context = MigrationContext.configure(
            session.connection(),
            opts={"compare_type": True, "include_object": leave_out_the_text_search},
        )
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
    for index in ("comment_by_parent", "comment_by_author", "pages_of_budget"):
        connection.execute(f"DROP INDEX {index}")
    for column in ("budget_key", "budget_scope", "swept_at", "token_ends"):
        connection.execute(f"ALTER TABLE page_state DROP COLUMN {column}")


def test_an_approval_of_before_the_terms_is_kept_and_still_vouched_for(path: Path) -> None:
    database = Database.open(f"sqlite:///{path}")
    registry.add_fundraiser(
        database, name="Candles", approved_by="Dr. Lee", actor=ADA, now=SCHOOL_DAY
    )
    database.close()
    with closing(sqlite_module.connect(path)) as connection:  # as revision 0001 left it
        drop_page_facts(connection)
        for name in ("approver_role", "links", "accounts", "starts_at"):
            connection.execute(f"ALTER TABLE fundraiser DROP COLUMN {name}")
        connection.execute("DROP TRIGGER post_delete")
        drop_later_tables(connection)
        drop_log_tables(connection)
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
        drop_page_facts(connection)
        drop_later_tables(connection)
        drop_log_tables(connection)
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


def test_a_page_of_before_its_registration_facts_is_still_vouched_for(path: Path) -> None:
    database = Database.open(f"sqlite:///{path}")
    new = registry.NewPage(
        platform="feed",
        external_id="blog",
        name="Blog",
        token_ref="",
        district_owned=True,
        base_url="https://blog.example.org/comments/feed/",
    )
    registry.add_page(database, new, ADA, SCHOOL_DAY, platforms=("feed",))
    last = head_of(database)
    database.close()
    with closing(sqlite_module.connect(path)) as connection:
        drop_later_tables(connection)
        drop_log_tables(connection)
        drop_page_facts(connection)
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
        connection.commit()

    database = Database.open(f"sqlite:///{path}")
    (kept,) = registry.list_pages(database)
    assert (kept.page.name, kept.facts.school, kept.facts.contact) == ("Blog", "", "")
    assert verify(database, [last]).ok
    with database.write() as session:
        row = session.get(tables.PageRow, "feed:blog")
        assert row is not None
        row.school = "Lawrence High"
    assert not verify(database).ok
    database.close()


def head_of(database: Database) -> Head:
    with database.read() as session:
        return head(session)


def test_the_log_of_an_older_record_is_filled_once(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    record(database, judged("c1", "the damn bus"), judged("c2", "El niño llegó"))
    database.close()
    path = tmp_path / "modbot.db"
    with closing(sqlite_module.connect(path)) as connection:
        drop_page_facts(connection)
        drop_later_tables(connection)
        drop_log_tables(connection)
        connection.execute("UPDATE alembic_version SET version_num = '0003'")
        connection.commit()

    database = Database.open(f"sqlite:///{path}")
    with database.write() as session:
        for wanted in (
            Choice(phrases=read_query("niño")),
            Choice(language="es"),
            Choice(phrases=read_query('"nino LLEGO*"')),
        ):
            found = LogSearch(session, LogColumns(), wanted).newest_first(9)
            assert found == ([] if "nino" in str(wanted) else [2])
        assert LogSearch(session, LogColumns(), Choice()).count().number == 2
        assert fill_lines(session.connection()) == 0
    assert verify(database).ok
    database.close()
