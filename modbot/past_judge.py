"""What judges is kept once by name, and built again from what was kept."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog

import classifiers
from modbot import store
from modbot.code_version import judging_code
from modbot.errors import StoreUnreadable
from modbot.explanation import Kept, PastJudge
from modbot.judging import Judge
from modbot.kept_files import packed, unpack
from modbot.ports import KeepsFiles
from modbot.settings import Config, load_config
from modbot.store import Database

_log = structlog.get_logger("modbot.past_judge")


def keep_judge(database: Database, config: Config, judge: Judge, now: datetime) -> None:
    """Keeps a configuration and its models, each once, and notes what judges from now on."""
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


@contextmanager
def past_judge(
    kept: Kept, models: Mapping[str, str], *, models_folder: Path | None = None
) -> Iterator[PastJudge]:
    """The classifiers and the policy that were kept. A model that is too large to be kept is taken
    from `models_folder`, if it is there in any version: the answer tells which. Raises BadConfig,
    ClassifierFailed or StoreUnreadable."""
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
        detoxify = "detoxify" in models and models_folder is not None
        choice = classifiers.Choice(
            name="detoxify" if detoxify else "embedded",
            models=models_folder if detoxify else None,
            variant=config.settings.classifier.variant,
            weights=weights if weights.is_dir() else None,
        )
        built = classifiers.build(choice, config.rules_dir)
        judge = Judge(classifiers=built, policy=config.policy, config_sha256=config.sha256)
        yield PastJudge(judge=judge.judge, models=judge.models)
