"""What judges is kept once by name, and built again from what was kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog

import classifiers
from modbot import large_files, store
from modbot.code_version import judging_code
from modbot.errors import ClassifierFailed, StoreUnreadable
from modbot.explanation import Kept, PastJudge
from modbot.judging import Judge
from modbot.kept_files import packed, unpack
from modbot.ports import KeepsFiles, KeepsLargeFiles
from modbot.settings import Config, load_config
from modbot.store import Database

_log = structlog.get_logger("modbot.past_judge")


def keep_judge(database: Database, config: Config, judge: Judge, now: datetime) -> None:
    """Keeps a configuration and its models, each once, and notes what judges from now on."""
    _keep_large_files(database, judge)
    files = {store.config_name(config.sha256): lambda: dict(config.files)}
    for classifier in judge.classifiers:
        if isinstance(classifier, KeepsFiles):
            name = store.model_name(classifier.name, classifier.version)
            files[name] = lambda kept=classifier: dict(kept.files())  # type: ignore[misc]
    with database.read() as s:
        missing = store.not_kept(s, files)
    archives = {name: packed(files[name]()) for name in sorted(missing)}  # not while writing waits
    with database.write() as s:
        for name in store.not_kept(s, archives):
            store.keep(s, name, archives[name], now)
            _log.info("judgement_kept", name=name, bytes=len(archives[name]))
        store.note_in_force(s, config.sha256, judge.models, judging_code(), now)


def _keep_large_files(database: Database, judge: Judge) -> None:
    """Before the record says that they judge. Raises ClassifierFailed."""
    for classifier in judge.classifiers:
        if isinstance(classifier, KeepsLargeFiles):
            folder = large_files.folder_beside(database.path)
            try:
                missing = large_files.keep(classifier.large_files(), folder)
            except OSError as error:
                raise ClassifierFailed(
                    f"{classifier.name}: its files cannot be kept in {folder} ({error.strerror})"
                ) from error
            if missing:
                raise ClassifierFailed(
                    f"{classifier.name}: its files were replaced since it was loaded: start modbot"
                    " again"
                )


@contextmanager
def past_judge(
    kept: Kept,
    models: Mapping[str, str],
    *,
    models_folder: Path | None = None,
    large_folder: Path | None = None,
) -> Iterator[PastJudge]:
    """The classifiers and the policy that were kept. The large files of a model are those in
    `large_folder`; where they are not there the model is taken from `models_folder`, if it is there
    in any version: the answer tells which. Raises BadConfig, ClassifierFailed or StoreUnreadable.
    """
    with tempfile.TemporaryDirectory(prefix="modbot-explain-") as name:
        folder = Path(name)
        unpack(kept.config, folder / "config")
        for classifier, archive in kept.models.items():
            unpack(archive, folder / classifier)
        config = load_config(folder / "config", {})
        if config.sha256 != kept.config_sha256:
            raise StoreUnreadable(
                f"what is kept as configuration {kept.config_sha256} is another, {config.sha256}:"
                " it was put there since"
            )
        weights = folder / "embedded"
        exported = _laid_out(kept, large_folder, folder / "detoxify")
        detoxify = "detoxify" in models and (exported or models_folder) is not None
        choice = classifiers.Choice(
            name="detoxify" if detoxify else "embedded",
            models=models_folder if detoxify else None,
            detoxify=exported if detoxify else None,
            variant=config.settings.classifier.variant,
            weights=weights if weights.is_dir() else None,
        )
        built = classifiers.build(choice, config.rules_dir)
        judge = Judge(classifiers=built, policy=config.policy, config_sha256=config.sha256)
        yield PastJudge(judge=judge.judge, models=judge.models)


def _laid_out(kept: Kept, large_folder: Path | None, folder: Path) -> Path | None:
    """The folder of a kept Detoxify model with all of its files; None where they are not there."""
    archive = kept.models.get("detoxify")
    if archive is None or large_folder is None:
        return None
    return folder if large_files.lay_out(archive, large_folder, folder) else None
