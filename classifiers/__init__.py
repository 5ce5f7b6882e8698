"""Classifiers: what can judge a comment, and the list of them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from modbot.errors import BadConfig
from modbot.ports import Classifier


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which model is asked for, and where fetched ones are."""

    name: str = "auto"
    models: Path | None = None
    variant: str = "auto"

    def exported(self) -> Path | None:
        """The folder of the exported Detoxify model that fits, if there is one."""
        from classifiers.detoxify import exported_folder

        return exported_folder(self.models, self.variant) if self.models else None


def _embedded(_choice: Choice) -> Classifier:
    from classifiers.embedded import EmbeddedClassifier  # numpy and the weights load on use

    return EmbeddedClassifier()


def _detoxify(choice: Choice) -> Classifier:
    from classifiers.detoxify import DetoxifyClassifier

    folder = choice.exported()
    if folder is None:
        wanted = "" if choice.variant == "auto" else f"{choice.variant} "
        raise BadConfig(
            f"no exported {wanted}model in {choice.models}; run `modbot model fetch` and"
            " `modbot model export`",
            key="classifier.name",
        )
    return DetoxifyClassifier(folder)


CLASSIFIERS: dict[str, Callable[[Choice], Classifier]] = {
    "embedded": _embedded,
    "detoxify": _detoxify,
}


def build(choice: Choice, rules_dir: Path) -> tuple[Classifier, ...]:
    """The keyword rules and the chosen model, in the order they run. "auto" is the exported
    Detoxify model where there is one. Raises BadConfig or ClassifierFailed."""
    from classifiers.rules import RulesClassifier

    chosen = choice.name
    if chosen == "auto":
        chosen = "detoxify" if choice.exported() else "embedded"
    if chosen not in CLASSIFIERS:
        known = ", ".join(["auto", *CLASSIFIERS])
        raise BadConfig(f"no classifier {chosen!r}; there are: {known}", key="classifier.name")
    built = (RulesClassifier.load(rules_dir), CLASSIFIERS[chosen](choice))
    gc.collect()  # what loading left behind is swept now, not while the first comments wait
    return built
