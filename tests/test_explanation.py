"""Past decisions made again: what is kept of what judged, and what comes out of it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import text as sql
from sqlmodel import col, select

from modbot import review, store
from modbot.code_version import CodeVersion, judging_code
from modbot.domain import Actor, Verdict
from modbot.errors import ModbotError, StoreUnreadable, UnknownDecision
from modbot.explanation import Explanation, Kept, PastJudge, explain
from modbot.kept_files import packed, unpack
from modbot.past_judge import past_judge
from modbot.service import build_judge
from modbot.settings import Config, load_config
from modbot.tables import AuditRow, DecisionRow, InForceRow, KeptRow
from tests.cli.conftest import SHIPPED
from tests.fakes import ManualClock, make_page
from tests.running import Running, running_service

PAGE = make_page(1).id
SAID = (
    "what the fuck is this",
    "Gracias por el aviso, nos vemos el lunes",
    "The school committee should resign over this budget",
    "vendo empanadas, escríbeme al inbox 978-555-0134",
    "le voy a caer a tiros a ese maestro mañana",
    "ya no quiero vivir, nadie me va a extrañar",
)


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """The shipped configuration in a folder that a test may change."""
    folder = shutil.copytree(SHIPPED, tmp_path / "config")
    file = folder / "modbot.toml"
    url = f"sqlite:///{tmp_path / 'modbot.db'}"
    file.write_text(file.read_text("utf-8").replace("sqlite:///modbot.db", url), "utf-8")
    return load_config(folder, {})


@pytest.fixture
def running(tmp_path: Path, clock: ManualClock, config: Config) -> Iterator[Running]:
    with running_service(tmp_path, clock, config=config, judge=build_judge(config)) as running:
        adapter = running.add_page(1)
        adapter.add_post("p1", "Budget night at Lawrence High")
        for said in SAID:
            adapter.add(said)
        running.service.poll_page(PAGE)
        yield running


_BUILT: dict[bytes, tuple[ExitStack, PastJudge]] = {}


@contextmanager
def built_once(kept: Kept, models: Mapping[str, str]) -> Iterator[PastJudge]:
    """past_judge(), for all the decisions of a configuration together: it takes a second."""
    if kept.config not in _BUILT:
        stack = ExitStack()
        _BUILT[kept.config] = stack, stack.enter_context(past_judge(kept, models))
    yield _BUILT[kept.config][1]


@pytest.fixture(autouse=True)
def _forget_built() -> Iterator[None]:
    yield
    for stack, _ in _BUILT.values():
        stack.close()
    _BUILT.clear()


def explained(running: Running, decision: int) -> Explanation:
    return explain(running.service.database, decision, built_once)


def decisions(running: Running) -> list[int]:
    with running.service.database.read() as s:
        return [row.id or 0 for row in s.exec(select(DecisionRow))]


def change_policy(config: Config, running: Running) -> None:
    path = config.folder / "policy.toml"
    changed = path.read_text("utf-8").replace(
        "review = 0.7\nhide = 0.9", "review = 0.99\nhide = 1.0"
    )
    path.write_text(changed, "utf-8")
    running.service.reload()
    assert running.service.config_error == ""


def test_every_decision_comes_out_the_same_from_what_was_kept(running: Running) -> None:
    made = decisions(running)
    assert len(made) == len(SAID)
    for decision in made:
        again = explained(running, decision)
        assert again.differences == () and again.same_code and again.same_models
        assert (again.verdict, again.hide) == (again.then.verdict, again.then.hide)
    verdicts = {explained(running, decision).verdict for decision in made}
    assert {Verdict.ALLOW, Verdict.HIDE, Verdict.ESCALATE} <= verdicts, "not all of one kind"


def test_a_changed_or_lost_configuration_changes_no_past_decision(
    running: Running, config: Config
) -> None:
    before = decisions(running)
    change_policy(config, running)
    running.platform.adapters[PAGE].add("what the fuck is this, again")
    running.service.poll_page(PAGE)
    shutil.rmtree(config.folder)
    forces = {
        explained(running, decision).in_force.config_sha256 for decision in decisions(running)
    }
    assert len(forces) == 2
    assert all(explained(running, decision).differences == () for decision in before)


def test_a_decision_under_a_clock_that_was_set_back_is_explained(running: Running) -> None:
    assert explained(running, judged_after(running, -3600)).differences == ()


def test_what_judged_is_told_by_the_order_of_the_log_not_by_the_clock(running: Running) -> None:
    """An upgrade, and a clock that goes back to before it."""
    first = decisions(running)[0]
    upgraded = CodeVersion(version="9.9", sha256="of the upgrade")
    running.clock.advance(3600)
    with running.service.database.write() as s:
        models, config = explained(running, first).models, running.service.config.sha256
        store.note_in_force(s, config, models, upgraded, running.clock.now())
    assert explained(running, judged_after(running, -7200)).in_force.code == upgraded
    assert explained(running, first).in_force.code == judging_code()


def test_other_versions_of_libraries_are_told(running: Running) -> None:
    first = decisions(running)[0]
    code, models = judging_code(), explained(running, first).models
    assert {"numpy", "google-re2", "Unicode"} <= set(code.libraries)
    assert explained(running, first).other_libraries == {}
    older = replace(code, libraries={**code.libraries, "numpy": "1.0", "gone": "2"})
    note_code(running, older, models)
    later = explained(running, judged_after(running, 60))
    now = code.libraries["numpy"]
    assert later.other_libraries == {"numpy": ("1.0", now), "gone": ("2", "none")}
    assert later.same_code and later.differences == ()
    assert explained(running, first).other_libraries == {}


def test_libraries_that_were_not_noted_are_not_told_as_others(running: Running) -> None:
    models = explained(running, decisions(running)[0]).models
    note_code(running, replace(judging_code(), libraries={}), models)
    assert explained(running, judged_after(running, 60)).other_libraries == {}


def note_code(running: Running, code: CodeVersion, models: Mapping[str, str]) -> None:
    with running.service.database.write() as s:
        config, now = running.service.config.sha256, running.clock.now()
        assert store.note_in_force(s, config, models, code, now)
        assert not store.note_in_force(s, config, models, code, now), "the same is noted once"


def judged_after(running: Running, seconds: float) -> int:
    """The decision on a comment that is written when the clock was moved by so much."""
    running.clock.advance(seconds)
    running.platform.adapters[PAGE].add("what the fuck is this, once more")
    running.service.poll_page(PAGE)
    return decisions(running)[-1]


def test_each_configuration_and_model_is_kept_once(running: Running, config: Config) -> None:
    change_policy(config, running)
    for _ in range(3):
        running.platform.adapters[PAGE].add("nice")
        running.service.poll_page(PAGE)
    with running.service.database.read() as s:
        names = sorted(row.name.split()[0] for row in s.exec(select(KeptRow)))
        since = [row.config_sha256 for row in s.exec(select(InForceRow))]
        log = s.exec(select(AuditRow).order_by(col(AuditRow.seq)))
        told = [row.kind for row in log if row.kind.startswith("judgement")]
    assert told == ["judgement.kept"] * 2 + ["judgement.in_force"] + [
        "judgement.kept",
        "judgement.in_force",
    ]
    assert names == ["config", "config", "embedded"]
    assert len(set(since)) == len(since) == 2


def test_a_decision_is_explained_under_the_text_that_its_post_had(running: Running) -> None:
    adapter = running.platform.adapters[PAGE]
    running.clock.advance(60)
    adapter.add_post("p1", "A food drive for sale sale sale, order the superintendent's cake here")
    adapter.add("nice")
    running.service.poll_page(PAGE)
    with running.service.database.read() as s:
        _, text = store.past_decision(s, decisions(running)[0])
        _, later = store.past_decision(s, decisions(running)[-1])
    assert text is not None and text.comment.post_text == "Budget night at Lawrence High"
    assert later is not None and later.comment.post_text.startswith("A food drive")
    assert all(explained(running, decision).differences == () for decision in decisions(running))


@pytest.mark.sqlite  # past the guards, in SQLite's words
def test_what_was_tampered_with_comes_out_differently(running: Running) -> None:
    decision = decisions(running)[0]
    with running.service.database.write() as s:
        s.execute(sql("DROP TRIGGER decision_update"))
        s.execute(
            sql("UPDATE decision SET verdict = 'allow', hide = 0, signals = '[]' WHERE id = :id"),
            {"id": decision},
        )
    told = " | ".join(explained(running, decision).differences)
    assert "verdict: allow then, hide now" in told
    assert "hidden: no then, yes now" in told
    assert "found now, not then: rules profanity_en:fuck" in told


@pytest.mark.sqlite  # past the guards, in SQLite's words
def test_other_code_is_told(running: Running) -> None:
    with running.service.database.write() as s:
        s.execute(sql("DROP TRIGGER in_force_update"))
        s.execute(sql("UPDATE in_force SET code_sha256 = 'other', code_version = '0.1'"))
    again = explained(running, decisions(running)[0])
    assert not again.same_code and again.in_force.code == CodeVersion(version="0.1", sha256="other")
    assert again.code == judging_code() and again.differences == ()


@pytest.mark.sqlite  # past the guards, in SQLite's words
def test_kept_files_that_were_changed_are_refused(running: Running) -> None:
    with running.service.database.write() as s:
        s.execute(sql("DROP TRIGGER kept_update"))
        s.execute(sql("UPDATE kept SET files = x'00' WHERE name LIKE 'config %'"))
    with pytest.raises(StoreUnreadable, match="its hash differs"):
        explained(running, decisions(running)[0])


@pytest.mark.sqlite  # past the guards, in SQLite's words
def test_another_configuration_under_the_name_of_one_is_refused(
    running: Running, config: Config
) -> None:
    """Its hash was put right, so that it passes for what was kept."""
    files = {**config.files, "rules/profanity_en.txt": b"category: profanity\nlanguage: en\n"}
    assert set(files) == set(config.files)
    values = {"files": packed(files), "sha256": hashlib.sha256(packed(files)).hexdigest()}
    with running.service.database.write() as s:
        s.execute(sql("DROP TRIGGER kept_update"))
        s.execute(
            sql("UPDATE kept SET files = :files, sha256 = :sha256 WHERE name LIKE 'config %'"),
            values,
        )
    with pytest.raises(StoreUnreadable, match="is another"):
        explained(running, decisions(running)[0])


@pytest.mark.sqlite  # past the guards, in SQLite's words
def test_what_judged_is_never_changed_in_the_database(running: Running) -> None:
    for table in ("kept", "in_force", "post_text"):
        with (
            pytest.raises(Exception, match="never changed"),
            running.service.database.write() as s,
        ):
            s.execute(sql(f"DELETE FROM {table}"))


def test_a_persons_decision_is_told_as_such(running: Running) -> None:
    made = review.resolve(
        running.service.database,
        decisions(running)[0],
        Verdict.ALLOW,
        Actor(kind="person", name="Ada"),
        "",
        running.clock.now(),
    )
    assert made.decision_id is not None
    with pytest.raises(ModbotError, match="a person gave it"):
        explained(running, made.decision_id)


@pytest.mark.sqlite  # past the guards, in SQLite's words
def test_an_unknown_decision_and_one_from_before_are_told(running: Running) -> None:
    with pytest.raises(UnknownDecision):
        explained(running, 999)
    with running.service.database.write() as s:
        s.execute(sql("DROP TRIGGER in_force_delete"))
        s.execute(sql("DELETE FROM in_force"))
    with pytest.raises(ModbotError, match="was in force before this version"):
        explained(running, decisions(running)[0])


def test_a_set_of_files_is_the_same_bytes_each_time_and_stays_in_its_folder(tmp_path: Path) -> None:
    files = {"rules/a.txt": b"one", "b.npz": b"two"}
    assert packed(files) == packed(dict(reversed(files.items())))
    unpack(packed(files), tmp_path)
    assert (tmp_path / "rules" / "a.txt").read_bytes() == b"one"
    with pytest.raises(StoreUnreadable, match="is named"):
        unpack(packed({"../out": b""}), tmp_path)
    with pytest.raises(StoreUnreadable, match="cannot be unpacked"):
        unpack(b"no archive", tmp_path)


@pytest.mark.sqlite  # past the guards, in SQLite's words
def test_the_models_folder_is_asked_for_models_that_are_not_kept(
    running: Running, tmp_path: Path
) -> None:
    """A larger model is taken from the folder; here none is there, which is told."""
    decision = decisions(running)[0]
    with running.service.database.write() as s:
        s.execute(sql("DROP TRIGGER decision_update"))
        s.execute(
            sql("UPDATE decision SET models = json_set(models, '$.detoxify', 'x') WHERE id = :id"),
            {"id": decision},
        )
    with pytest.raises(ModbotError, match="no exported model"):
        explain(running.service.database, decision, partial(past_judge, models_folder=tmp_path))
