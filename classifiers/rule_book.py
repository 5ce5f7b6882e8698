"""The rules of a folder one by one, for those who check them: where each is written, what it asks
for, and what it finds when it stands alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from classifiers.rule_files import PatternRule, read_rule_files
from classifiers.rules import RuleSet
from classifiers.word_lists import WordRule
from modbot.domain import Category, Comment


@dataclass(frozen=True, kw_only=True)
class WrittenRule:
    """One entry of a word list or one [[rules]] table."""

    rule: str  # as evidence names it: "profanity_es:coño"
    file: str
    line: int | None
    category: Category
    score: float
    asks_for: tuple[str, ...]  # words and patterns, fragments put in; not what exempts


class RuleBook:
    """All rules of a folder."""

    def __init__(self, folder: Path):
        files = read_rule_files(folder)
        self._rules = RuleSet(files)
        self.rules = (*map(_of_word, files.words), *map(_of_pattern, files.patterns))

    def alone(self, comment: Comment) -> Iterator[tuple[str, str]]:
        """Each rule that would find something if it were the only one, with the words it finds.

        Exceptions still clear what they clear; other rules neither hide it nor outweigh it.
        """
        return self._rules.alone(comment)


def written_rules(folder: Path) -> tuple[WrittenRule, ...]:
    """All rules of a folder as they are written; nothing is made ready to find anything. Raises
    BadConfig."""
    files = read_rule_files(folder)
    return (*map(_of_word, files.words), *map(_of_pattern, files.patterns))


def _of_word(word: WordRule) -> WrittenRule:
    return WrittenRule(
        rule=word.rule,
        file=word.file,
        line=word.line,
        category=word.category,
        score=word.score,
        asks_for=(word.text,),
    )


def _of_pattern(rule: PatternRule) -> WrittenRule:
    return WrittenRule(
        rule=rule.rule,
        file=rule.file,
        line=rule.line,
        category=rule.category,
        score=rule.score,
        asks_for=(*rule.match, *rule.requires, *rule.post),
    )
