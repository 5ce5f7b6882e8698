"""Classifiers: what can judge a comment, and the list of them."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path

from modbot.errors import BadConfig
from modbot.ports import Classifier


def _embedded() -> Classifier:
    from classifiers.embedded import EmbeddedClassifier  # numpy and the weights load on use

    return EmbeddedClassifier()


CLASSIFIERS: dict[str, Callable[[], Classifier]] = {
    "embedded": _embedded,
}

AUTO = "embedded"  # what "auto" takes: the best model that needs no download


def build(name: str, rules_dir: Path) -> tuple[Classifier, ...]:
    """The keyword rules and the named model, in the order they run. Raises BadConfig."""
    from classifiers.rules import RulesClassifier

    chosen = AUTO if name == "auto" else name
    if chosen not in CLASSIFIERS:
        known = ", ".join(["auto", *CLASSIFIERS])
        raise BadConfig(f"no classifier {name!r}; there are: {known}", key="classifier.name")
    built = (RulesClassifier.load(rules_dir), CLASSIFIERS[chosen]())
    gc.collect()  # what loading left behind is swept now, not while the first comments wait
    return built
