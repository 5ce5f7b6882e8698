"""A model too large for the database is kept beside it, and judges again what it judged."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from classifiers.detoxify import MANIFEST, DetoxifyClassifier
from modbot.errors import ClassifierFailed
from modbot.large_files import FOLDER, keep
from modbot.past_judge import keep_judge
from modbot.service import build_judge
from modbot.settings import load_config
from modbot.store import Database, kept_files, model_name
from tests.classifiers.detoxify_files import write_word_model
from tests.cli.conftest import Answer, Run
from tests.cli.test_explain import decide
from tests.fakes import SCHOOL_DAY
from tests.prerequisites import need


def export_model(folder: Path, score: float) -> Path:
    """An exported model in place of the one that is there."""
    shutil.rmtree(folder / "models", ignore_errors=True)
    return write_word_model(folder / "models" / "original" / "onnx", {"fuck": {"insult": score}})


@pytest.fixture
def decision(database: Database, page: str, folder: Path, tmp_path: Path) -> int:
    """A comment that was judged by an exported model, which another one has replaced."""
    need("onnx", "onnxruntime", "tokenizers")
    export_model(tmp_path, 0.97)
    config = load_config(folder, {})
    judge = build_judge(config)
    for _ in range(2):  # as at each start
        keep_judge(database, config, judge, SCHOOL_DAY)
    made = decide(database, page, config, judge)
    export_model(tmp_path, 0.91)
    return made


def kept(folder: Path) -> list[Path]:
    return sorted((folder / FOLDER).iterdir())


def same_models(told: Answer) -> bool:
    models = told.json["models"]
    return bool(models["then"] == models["now"])


def test_a_decision_is_made_again_by_the_model_that_judged_it(
    run: Run, decision: int, tmp_path: Path
) -> None:
    for _ in ("beside another model", "without any"):
        told = run("explain", str(decision), "--json")
        assert told.code == 0 and told.json["equal"], told.out
        assert same_models(told)
        shutil.rmtree(tmp_path / "models", ignore_errors=True)


def test_the_database_holds_its_manifest_and_the_folder_each_file_once(
    run: Run, decision: int, database: Database, tmp_path: Path
) -> None:
    version = run("explain", str(decision), "--json").json["models"]["then"]["detoxify"]
    with database.read() as s:
        archive = kept_files(s, model_name("detoxify", version))
    assert archive is not None and len(archive) < 2_000
    assert len(kept(tmp_path)) == 2, "network and tokenizer"
    assert {path.stat().st_mode & 0o777 for path in kept(tmp_path)} == {0o400}
    assert run("verify").code == 0 and "explain" not in run("verify").err


def test_where_its_files_are_gone_another_version_judges_and_is_told(
    run: Run, decision: int, tmp_path: Path
) -> None:
    kept(tmp_path)[0].unlink()
    told = run("explain", str(decision), "--json")
    assert told.code == 1 and not same_models(told)
    assert "is missing" in run("verify").err


def test_files_that_were_changed_are_told_and_never_judge(
    run: Run, decision: int, tmp_path: Path
) -> None:
    for path in kept(tmp_path):
        path.chmod(0o600)
        path.write_bytes(b"other")
    told = run("verify")
    assert told.err.count("was changed") == 2
    told = run("explain", str(decision))
    assert told.code == 2 and "the manifest says" in told.err


def test_they_go_with_a_backup_and_come_back_with_it(
    run: Run, decision: int, database: Database, tmp_path: Path
) -> None:
    safe, names = tmp_path / "safe", [path.name for path in kept(tmp_path)]
    safe.mkdir()
    for copy in ("one.db", "two.db"):
        assert run("backup", str(safe / copy), "--json").json["models_missing"] == []
    assert [path.name for path in kept(safe)] == names, "once for both"
    assert "explain" not in run("verify", str(safe / "two.db")).err
    database.close()
    shutil.rmtree(tmp_path / FOLDER)
    shutil.rmtree(tmp_path / "models")
    assert run("restore", str(safe / "two.db"), "--json").json["models_missing"] == []
    told = run("explain", str(decision), "--json")
    assert told.code == 0 and same_models(told)


def test_a_backup_without_them_says_so(run: Run, decision: int, tmp_path: Path) -> None:
    kept(tmp_path)[0].unlink()
    (tmp_path / "safe").mkdir()
    told = run("backup", str(tmp_path / "safe"), "--json")
    (missing,) = told.json["models_missing"]
    assert told.code == 0 and missing.startswith("detoxify ") and missing in told.err
    assert decision


def test_a_model_that_was_replaced_since_it_was_loaded_does_not_judge(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    need("onnx", "onnxruntime", "tokenizers")
    export_model(tmp_path, 0.97)
    config = load_config(folder, {})
    judge = build_judge(config)
    export_model(tmp_path, 0.91)
    with pytest.raises(ClassifierFailed, match="start modbot again"):
        keep_judge(database, config, judge, SCHOOL_DAY)


def test_a_manifest_that_was_replaced_is_not_kept(tmp_path: Path) -> None:
    need("onnx", "onnxruntime", "tokenizers")
    exported = export_model(tmp_path, 0.97)
    model = DetoxifyClassifier(exported)
    assert set(model.files()) == {MANIFEST}
    (exported / MANIFEST).write_text("{}", "utf-8")
    with pytest.raises(ClassifierFailed, match="start modbot again"):
        model.files()


def test_a_file_that_is_not_what_it_is_named_by_is_not_kept(tmp_path: Path) -> None:
    source = tmp_path / "model.onnx"
    source.write_bytes(b"other")
    absent, other = "0" * 64, "1" * 64
    assert keep({absent: tmp_path / "absent", other: source}, tmp_path / FOLDER) == [absent, other]
    assert left_behind(tmp_path) == []


def left_behind(folder: Path) -> list[Path]:
    found = folder / FOLDER
    return list(found.iterdir()) if found.exists() else []
