"""What the record knows of people and rules, to choose from in the log's form."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from modbot.store import LogColumns, read_found

MOST_PERSONS = 100
MOST_RULES = 40


@dataclass(frozen=True, kw_only=True)
class Known:
    """Values of filters that are not fixed."""

    persons: tuple[str, ...]  # names, by the alphabet
    signs: tuple[str, ...]  # classifiers and rule files, those with the most rules first


class LogValues:
    """The persons who decided, and the classifiers and rule files that gave a signal."""

    def __init__(self, columns: LogColumns) -> None:
        self._columns = columns
        self._read = (-1, -1)  # how many values the lists were made of
        self._known = Known(persons=(), signs=())

    def known(self) -> Known:
        """What the columns have; gone through again only when there is something new."""
        actors, found = self._columns.names("actor"), self._columns.names("found")
        if self._read != (len(actors), len(found)):
            self._known = Known(persons=_persons(actors.values()), signs=_signs(found.values()))
            self._read = (len(actors), len(found))
        return self._known


def _persons(actors: Iterable[str]) -> tuple[str, ...]:
    names = (name.partition(":") for name in actors)
    return tuple(sorted(name for kind, _, name in names if kind == "person")[:MOST_PERSONS])


def _signs(found: Iterable[str]) -> tuple[str, ...]:
    counted: Counter[str] = Counter()
    for name in found:
        for source, rule in read_found(name)[1]:
            counted.update({source, rule.partition(":")[0]} - {""})
    return tuple(sign for sign, _ in counted.most_common(MOST_RULES))
