"""Commands run in this process, on a configuration and database of their own."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog

from modbot import registry, store
from modbot.cli import main
from modbot.domain import ActionKind, Actor, Category, Decision, Evidence, Mode, Signal, Verdict
from modbot.registry import NewPage
from modbot.store import Database, Judged
from tests.databases import new_database, put_empty
from tests.fakes import SCHOOL_DAY, make_comment, make_page

SHIPPED = Path(__file__).parent.parent.parent / "config"
ADA = Actor(kind="person", name="ada")


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object that standard output is."""
        found = json.loads(self.out)
        assert isinstance(found, dict) and self.out.count("\n") == 1
        return found


Run = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The shipped configuration, on an empty database of its own and any free port."""
    put_empty(tmp_path / "modbot.db")
    made = shutil.copytree(SHIPPED, tmp_path / "config")
    service = made / "modbot.toml"
    text = service.read_text("utf-8")
    for old, new in (
        ("sqlite:///modbot.db", f"sqlite:///{tmp_path / 'modbot.db'}"),
        ("port = 8080", "port = 0"),
    ):
        assert old in text
        text = text.replace(old, new)
    service.write_text(text, "utf-8")
    return made


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on that configuration, its tables wide enough not to break words."""
    monkeypatch.setenv("COLUMNS", "240")

    def _run(*arguments: str, config: Path = folder) -> Answer:
        capsys.readouterr()  # what the test itself made the program say before
        with pytest.raises(SystemExit) as ended:
            main(["--config", str(config), *arguments])
        out, err = capsys.readouterr()
        code = ended.value.code
        assert isinstance(code, int)
        return Answer(code=code, out=out, err=err)

    return _run


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = new_database(tmp_path / "modbot.db")
    yield opened
    opened.close()


@pytest.fixture
def page(database: Database) -> str:
    """A page whose token is nowhere to be found."""
    new = NewPage(
        platform="facebook",
        external_id="1001",
        name="School 1",
        token_ref="env:MODBOT_TEST_NOT_SET",
        district_owned=True,
    )
    added = registry.add_page(database, new, ADA, SCHOOL_DAY, platforms=["facebook"])
    return registry.set_mode(database, added.id, Mode.ENFORCE, ADA, SCHOOL_DAY).id


@pytest.fixture
def hidden(database: Database, page: str) -> int:
    """A decision to hide whose action is requested."""
    said = Evidence(rule="profanity_en:shit", text="shit", start=8, end=12)
    signal = Signal(source="rules", category=Category.PROFANITY, score=1.0, evidence=said)
    item = Judged(
        comment=make_comment("this is shit \ud800", page=make_page()),
        decision=Decision(
            verdict=Verdict.HIDE,
            hide=True,
            categories=(Category.PROFANITY,),
            signals=(signal,),
            clause="1.1",
            thresholds={"profanity.hide": 0.9},
            reason="Hidden for profanity.",
        ),
        action=ActionKind.HIDE,
        mode="enforce",
        models={"rules": "v1"},
        config_sha256="c" * 64,
    )
    with database.write() as s:
        (recorded,) = store.record_judged(s, store.page(s, page), [item], SCHOOL_DAY)
    assert recorded.decision_id is not None
    return recorded.decision_id
