"""Judges comments by the rule files of a folder: word lists, patterns and what clears a hit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import ahocorasick_rs

from classifiers.censored import censored_words
from classifiers.fundraisers import is_approved
from classifiers.normalise import Folded, fold
from classifiers.pattern_filter import PatternFilter, encodable
from classifiers.quoting import Quotes
from classifiers.rule_files import PatternRule, RuleFiles, WordRule, as_matched, read_rule_files
from modbot.domain import Aspect, Category, Comment, Evidence, Signal

_POSTS_KEPT: Final = 512
_MOST_HITS: Final = 40  # a 100 kB rant needs no more evidence than this


@dataclass(frozen=True, slots=True)
class _Hit:
    """A rule that matched, before context has had its say. Offsets are in the original text."""

    rule: str
    category: Category
    score: float
    start: int
    end: int
    aspect: Aspect | None = Aspect.NONE


@dataclass(frozen=True, slots=True)
class _Read:
    """One text in the forms that rules look at, with the patterns found in it."""

    folded: Folded
    key: str  # the folded text as patterns see it
    written: str  # the text as written, without lone surrogates
    found: frozenset[int]
    found_written: frozenset[int]


class RuleSet:
    """Compiled rules. Time grows linearly with the text."""

    def __init__(self, files: RuleFiles):
        self.sha256 = files.sha256
        self._words = files.words
        self._by_text: dict[str, list[WordRule]] = {}
        for word in files.words:
            self._by_text.setdefault(word.text, []).append(word)
        self._texts = list(self._by_text)
        self._finder = ahocorasick_rs.AhoCorasick(self._texts) if self._texts else None
        self._swears = [
            w for w in files.words if w.category is Category.PROFANITY and w.score > 0.9
        ]
        self._folded, self._written = PatternFilter(), PatternFilter()
        self._rules = [self._compile(rule) for rule in files.patterns]
        self._exceptions = [(self._folded.add(p), clears) for p, clears in files.exceptions]
        self._context = {
            name: frozenset(self._folded.add(p) for p in patterns)
            for name, patterns in files.context.items()
        }
        self._folded.compile()
        self._written.compile()
        self._by_pattern: dict[tuple[bool, int], list[_Compiled]] = {}
        for compiled in self._rules:
            for index in compiled.match:
                self._by_pattern.setdefault((compiled.rule.original, index), []).append(compiled)
        self._posts: dict[str, _Read] = {}

    @classmethod
    def load(cls, folder: Path) -> RuleSet:
        """Raises BadConfig with file, line and key."""
        return cls(read_rule_files(folder))

    def judge(self, comment: Comment) -> list[Signal]:
        """The rules that the comment breaks, each with the words in the comment as written."""
        read = self._read(comment.text)
        hits = self._word_hits(read) + self._pattern_hits(read, comment)
        if not hits:
            return []
        hits = self._clear(hits, read)
        if any(hit.category is Category.SALES for hit in hits) and self._approved(read, comment):
            hits = [hit for hit in hits if hit.category is not Category.SALES]
        return self._signals(hits, read, comment)

    def _compile(self, rule: PatternRule) -> _Compiled:
        text = self._written if rule.original else self._folded
        return _Compiled(
            rule=rule,
            match=tuple(text.add(pattern) for pattern in rule.match),
            requires=frozenset(text.add(pattern) for pattern in rule.requires),
            excludes=frozenset(text.add(pattern) for pattern in rule.excludes),
            post=frozenset(self._folded.add(pattern) for pattern in rule.post),
            excludes_post=frozenset(self._folded.add(pattern) for pattern in rule.excludes_post),
        )

    def _read(self, text: str) -> _Read:
        folded = fold(text)
        key = as_matched(folded.text)
        written = encodable(text)
        return _Read(
            folded, key, written, self._folded.matching(key), self._written.matching(written)
        )

    def _post(self, comment: Comment) -> _Read:
        text = comment.post_text
        read = self._posts.get(text)
        if read is None:
            if len(self._posts) >= _POSTS_KEPT:
                self._posts.clear()
            read = self._posts[text] = self._read(text)
        return read

    def _word_hits(self, read: _Read) -> list[_Hit]:
        text = read.folded.text
        hits = []
        if self._finder is not None:
            for which, start, end in self._finder.find_matches_as_indexes(text, overlapping=True):
                opened = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
                runs_on = end < len(text) and text[end].isalnum() and text[end - 1].isalnum()
                for word in self._by_text[self._texts[which]]:
                    if (word.opens or not opened) and (word.runs_on or not runs_on):
                        hits.append(_word_hit(word, read.folded, start, end))
                if len(hits) > _MOST_HITS:
                    break
        for word, start, end in censored_words(text, self._swears):
            hits.append(_word_hit(word, read.folded, start, end))
        return hits

    def _pattern_hits(self, read: _Read, comment: Comment) -> list[_Hit]:
        hits = []
        for original, found in ((False, read.found), (True, read.found_written)):
            for index in found:
                for compiled in self._by_pattern.get((original, index), ()):
                    if compiled.requires <= found and not compiled.excludes & found:
                        if compiled.asks_post and not compiled.allows(self._post(comment).found):
                            continue
                        hits.append(self._pattern_hit(compiled.rule, index, read))
        return hits

    def _pattern_hit(self, rule: PatternRule, index: int, read: _Read) -> _Hit:
        if rule.original:
            start, end = self._written.span(index, read.written)
        else:
            start, end = self._folded.span(index, read.key)
            start, end = read.folded.span(start, end) if end > start else (0, 0)
        return _Hit(rule.rule, rule.category, rule.score, start, end, rule.aspect)

    def _clear(self, hits: list[_Hit], read: _Read) -> list[_Hit]:
        """Drops what an exception covers, and what a longer or graver hit already shows."""
        for index, clears in self._exceptions:
            if index in read.found:
                for start, end in self._folded.spans(index, read.key):
                    if end > start:
                        first, last = read.folded.span(start, end)
                        hits = [
                            hit
                            for hit in hits
                            if hit.category not in clears or hit.end <= first or hit.start >= last
                        ]
        kept: list[_Hit] = []
        for hit in sorted(hits, key=lambda hit: (-hit.score, hit.start - hit.end, hit.rule)):
            inside = any(
                other.category is hit.category and other.start <= hit.start and hit.end <= other.end
                for other in kept
            )
            if not inside and len(kept) < _MOST_HITS:
                kept.append(hit)
        return sorted(kept, key=lambda hit: hit.start)

    def _signals(self, hits: list[_Hit], read: _Read, comment: Comment) -> list[Signal]:
        quotes = Quotes.read(read.written)
        condemned = self._in_context("condemned", read)
        signals = []
        for hit in hits:
            aspect = hit.aspect
            if quotes.hold(hit.start, hit.end) and hit.category in _QUOTABLE:
                if condemned:
                    continue
                aspect = Aspect.QUOTED
            if aspect is None:
                aspect = Aspect.OFFICIAL if self._about_officials(read, comment) else Aspect.NONE
            signals.append(_signal(hit, aspect, comment.text))
        return signals

    def _approved(self, read: _Read, comment: Comment) -> bool:
        """An approved name counts only while the money goes to the school, not to an own account."""
        return not self._in_context("own_account", read) and is_approved(
            read.folded.text, comment.approved_fundraisers
        )

    def _about_officials(self, read: _Read, comment: Comment) -> bool:
        if self._in_context("official", read):
            return True
        return self._in_context("official_post", self._post(comment))

    def _in_context(self, name: str, read: _Read) -> bool:
        return not self._context.get(name, frozenset()).isdisjoint(read.found)


_QUOTABLE: Final = frozenset({Category.PROFANITY, Category.OFFENSIVE, Category.THREAT})


@dataclass(frozen=True, kw_only=True)
class _Compiled:
    rule: PatternRule
    match: tuple[int, ...]
    requires: frozenset[int]
    excludes: frozenset[int]
    post: frozenset[int]
    excludes_post: frozenset[int]

    @property
    def asks_post(self) -> bool:
        return bool(self.post or self.excludes_post)

    def allows(self, found: frozenset[int]) -> bool:
        """Does a post with these patterns meet the rule's conditions on the post?"""
        return (not self.post or bool(self.post & found)) and not self.excludes_post & found


class RulesClassifier:
    """The keyword rules as a classifier; its version is the SHA-256 of the rule files."""

    name = "rules"

    def __init__(self, rules: RuleSet):
        self._rules = rules
        self.version = rules.sha256

    @classmethod
    def load(cls, folder: Path) -> RulesClassifier:
        """Raises BadConfig with file, line and key."""
        return cls(RuleSet.load(folder))

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        """Rule hits of each comment, in the order of the comments."""
        return [self._rules.judge(comment) for comment in comments]


def _word_hit(word: WordRule, folded: Folded, start: int, end: int) -> _Hit:
    first, last = folded.span(start, end)
    return _Hit(word.rule, word.category, word.score, first, last)


def _signal(hit: _Hit, aspect: Aspect, text: str) -> Signal:
    return Signal(
        source="rules",
        category=hit.category,
        score=hit.score,
        aspect=aspect,
        evidence=Evidence(
            rule=hit.rule, text=text[hit.start : hit.end], start=hit.start, end=hit.end
        ),
    )
