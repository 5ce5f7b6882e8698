"""Classifiers: what can judge a comment, and the list of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modbot.errors import BadConfig
from modbot.ports import Classifier

if TYPE_CHECKING:
    from classifiers.embedded import EmbeddedClassifier
    from classifiers.rules import RulesClassifier


@dataclass(frozen=True, kw_only=True)
class Choice:
    """Which model is asked for, and where fetched ones are."""

    name: str = "auto"
    models: Path | None = None
    variant: str = "auto"
    weights: Path | None = None  # of the embedded model, in place of those of the package
    detoxify: Path | None = None  # an exported model, in place of those in `models`

    def exported(self) -> Path | None:
        """The folder of the exported Detoxify model that fits, if there is one."""
        from classifiers.detoxify import exported_folder

        if self.detoxify:
            return self.detoxify
        return exported_folder(self.models, self.variant) if self.models else None


def embedded_beside(rules: RulesClassifier, weights: Path | None = None) -> EmbeddedClassifier:
    """The embedded model, which asks these rules what is innocent and what is about officials."""
    from classifiers.embedded import EmbeddedClassifier  # numpy and the weights load on use

    return EmbeddedClassifier(
        weights,
        cleared=rules.rules.cleared,
        about_officials=rules.rules.about_officials,
        tells_of_words=rules.rules.tells_of_words,
        passes_on=rules.rules.passes_on,
    )


def _embedded(choice: Choice, rules: RulesClassifier) -> Classifier:
    return embedded_beside(rules, choice.weights)


def _detoxify(choice: Choice, _rules: RulesClassifier) -> Classifier:
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


CLASSIFIERS: dict[str, Callable[[Choice, RulesClassifier], Classifier]] = {
    "embedded": _embedded,
    "detoxify": _detoxify,
}


def build(choice: Choice, rules_dir: Path) -> tuple[Classifier, ...]:
    """The keyword rules and the models, in the order they run. The embedded model always judges the
    policy's categories; Detoxify adds what it thinks of the tone, where "auto" finds an exported
    model or "detoxify" asks for one. Raises BadConfig or ClassifierFailed."""
    from classifiers.rules import RulesClassifier

    if choice.name not in ("auto", *CLASSIFIERS):
        known = ", ".join(["auto", *CLASSIFIERS])
        raise BadConfig(f"no classifier {choice.name!r}; there are: {known}", key="classifier.name")
    names = ["embedded"]
    if choice.name == "detoxify" or (choice.name == "auto" and choice.exported()):
        names.append("detoxify")
    rules = RulesClassifier.load(rules_dir)
    return (rules, *(CLASSIFIERS[name](choice, rules) for name in names))
