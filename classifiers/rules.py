"""Judges comments by the rule files of a folder: word lists, patterns and what clears a hit."""

from __future__ import annotations

import gc
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path
from threading import Lock
from typing import Final

from classifiers.announced_prices import are_announced, only_repeats_prices, things_named
from classifiers.fundraisers import Offer, judge_offer
from classifiers.hits import (
    Hit,
    is_published,
    is_sellers_own,
    pattern_hit,
    signal_of,
)
from classifiers.listed_words import HITS_A_RULE, ListedWords
from classifiers.normalise import Folded, fold, fold_ahead
from classifiers.pattern_filter import Bits, Encoded, PatternFilter, Reading, bits_of
from classifiers.private_facts import private_facts
from classifiers.quoting import is_quoted
from classifiers.rule_files import (
    PatternRule,
    RuleFiles,
    as_matched,
    parse_rules,
    rule_texts,
)
from classifiers.word_lists import STRONG, WEAK
from modbot.domain import Aspect, Category, Comment, Signal

_POSTS_KEPT: Final = 512
_TEXTS_KEPT: Final = 256
_MOST_HITS: Final = 40  # a 100 kB rant needs no more evidence than this
_SETS_KEPT: Final = 2  # that in force and one that is tried beside it

Excepted = tuple[int, int, frozenset[Category]]  # from, to, of what a hit there is cleared


@dataclass(slots=True)
class _Read:
    """One text in the forms that rules look at."""

    folded: Folded
    key: Reading  # of the folded text
    written: Reading  # of the text as written
    excepted: list[Excepted] | None = None  # once it was asked for


@dataclass(frozen=True, kw_only=True)
class _Compiled:
    """A pattern rule with its conditions as sets of patterns."""

    rule: PatternRule
    requires: Bits
    excludes: Bits
    post: Bits
    excludes_post: Bits


class RuleSet:
    """Compiled rules. Time grows linearly with the text."""

    def __init__(self, files: RuleFiles):
        self.sha256 = files.sha256
        self._words = ListedWords(files.words, files.innocent, files.innocent_stems)
        self._patterns = PatternFilter()
        self._rules: dict[bool, dict[int, list[_Compiled]]] = {False: {}, True: {}}  # by `original`
        for rule in files.patterns:
            compiled = self._compile(rule)
            for index in map(self._patterns.add, dict.fromkeys(rule.match)):
                self._rules[rule.original].setdefault(index, []).append(compiled)
        self._exceptions: dict[int, list[frozenset[Category]]] = {}
        for pattern, clears in files.exceptions:
            self._exceptions.setdefault(self._patterns.add(pattern), []).append(clears)
        self._asking = {original: bits_of(rules) for original, rules in self._rules.items()}
        self._excepting = bits_of(self._exceptions)
        self._context = {name: self._asked(patterns) for name, patterns in files.context.items()}
        self._patterns.compile(located=chain(*self._rules.values(), self._exceptions))
        # Other classifiers ask for the exceptions in a text that was just judged.
        self._read = lru_cache(maxsize=_TEXTS_KEPT)(self._read_anew)
        self._posts: dict[str, Reading] = {}
        self._published = files.published

    @classmethod
    def load(cls, folder: Path) -> RuleSet:
        """Raises BadConfig with file, line and key. Compiling takes most of a second: rules that
        were loaded lately and have not changed since are not compiled again."""
        written = rule_texts(folder)
        with _compiling:
            for known in _COMPILED:
                if known.sha256 == written.sha256:
                    return known
            made = RuleSet(parse_rules(written))
            _COMPILED.append(made)
        gc.collect()  # what compiling left behind is swept now, not while the first comments wait
        return made

    def judge(self, comment: Comment) -> list[Signal]:
        """The rules that the comment breaks, each with the words in the comment as written."""
        return self.judge_all([comment])[0]

    def judge_all(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        """judge() for each comment, in their order."""
        return [
            signals
            for at in range(0, len(comments), _TEXTS_KEPT)
            for signals in self._judge_together(comments[at : at + _TEXTS_KEPT])
        ]

    def _judge_together(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        """One stage after the other for all of them: the tables and code of a stage then stay in
        the processor's cache, which takes a fifth off the time of the rules."""
        fold_ahead(comment.text for comment in comments)
        reads = [self._read(comment.text) for comment in comments]
        pairs = list(zip(reads, comments, strict=True))
        words = [self._word_hits(read) for read in reads]
        patterns = [self._pattern_hits(read, comment) for read, comment in pairs]
        private = [self._private_hits(read, comment) for read, comment in pairs]
        hits = map(chain, words, patterns, private)
        return [self._weigh(list(found), *pair) for found, pair in zip(hits, pairs, strict=True)]

    def _weigh(self, hits: list[Hit], read: _Read, comment: Comment) -> list[Signal]:
        """The signals of a comment from all that matched in it."""
        hits = self._clear(hits, read) if hits else hits
        if comment.approved_fundraisers:
            hits = self._weigh_fundraisers(hits, read, comment)
        if not hits:
            return []
        offers = [hit for hit in hits if hit.category is Category.SALES]
        if offers:
            # A seller's own number is part of the offer, not a private fact.
            sure = any(hit.score == STRONG for hit in offers)
            hits = [hit for hit in hits if not is_sellers_own(hit, sure=sure)]
        if offers and self._answers(offers, read, comment):
            hits = [hit for hit in hits if hit.category is not Category.SALES]
        hits = [hit for hit in hits if not is_published(hit, comment)]
        return self._signals(hits, read, comment)

    def _answers(self, offers: Sequence[Hit], read: _Read, comment: Comment) -> bool:
        """Does it only say again what the post offers, and for how much?"""
        text, post = comment.text, comment.post_text
        repeats = only_repeats_prices(text, read.folded.text, post)
        return repeats and are_announced(things_named(offers, text), post)

    def alone(self, comment: Comment) -> Iterator[tuple[str, str]]:
        """Rules that match, each as if it were the only one, with the words: for RuleBook."""
        read = self._read(comment.text)
        hits = self._word_hits(read) + self._pattern_hits(read, comment)
        for hit in self._not_excepted(hits, read):
            yield hit.rule, comment.text[hit.start : hit.end]

    def _asked(self, patterns: Sequence[str]) -> Bits:
        return bits_of(map(self._patterns.add, patterns))

    def _compile(self, rule: PatternRule) -> _Compiled:
        return _Compiled(
            rule=rule,
            requires=self._asked(rule.requires),
            excludes=self._asked(rule.excludes),
            post=self._asked(rule.post),
            excludes_post=self._asked(rule.excludes_post),
        )

    def _read_anew(self, text: str) -> _Read:
        folded = fold(text)
        key = self._patterns.read(Encoded(as_matched(folded.text)))
        return _Read(folded, key, self._patterns.read(Encoded(text), beside=key))

    def _read_post(self, text: str) -> Reading:
        """A post or parent; many comments share one."""
        read = self._posts.get(text)
        if read is None:
            if len(self._posts) >= _POSTS_KEPT:
                self._posts.clear()
            read = self._posts[text] = self._read_anew(text).key
        return read

    def _word_hits(self, read: _Read) -> list[Hit]:
        return self._words.hits(read.folded, read.written.text.text)

    def _pattern_hits(self, read: _Read, comment: Comment) -> list[Hit]:
        hits = []
        for original, text in ((False, read.key), (True, read.written)):
            rules = self._rules[original]
            for index in text.possible(self._asking[original]):
                # What else is asked is mostly known without trying a pattern, so it comes first.
                met = [rule for rule in rules[index] if self._holds(rule, text, comment)]
                for start, end in islice(text.spans(index), HITS_A_RULE) if met else ():
                    if not original and end > start:
                        start, end = read.folded.span(start, end)
                    hits += [pattern_hit(compiled.rule, start, end) for compiled in met]
        return hits

    def _private_hits(self, read: _Read, comment: Comment) -> list[Hit]:
        def says(context: str) -> bool:
            return self._in_context(context, read.key)

        found = private_facts(comment.text, comment.post_text, self._published, says)
        return [
            Hit(f.rule, Category.PRIVACY, STRONG if f.certain else WEAK, f.start, f.end)
            for f in islice(found, HITS_A_RULE)
        ]

    def _holds(self, compiled: _Compiled, text: Reading, comment: Comment) -> bool:
        """Are the rule's other conditions met?"""
        if not text.holds_all(compiled.requires) or text.holds_any(compiled.excludes):
            return False
        if not compiled.post and not compiled.excludes_post:
            return True
        post = self._read_post(comment.post_text)
        if compiled.post and not post.holds_any(compiled.post):
            return False
        return not post.holds_any(compiled.excludes_post)

    def _clear(self, hits: list[Hit], read: _Read) -> list[Hit]:
        """Drops what an exception covers, and what a longer or graver hit already shows."""
        hits = self._not_excepted(hits, read)
        kept: list[Hit] = []
        for hit in sorted(hits, key=lambda hit: (-hit.score, hit.start - hit.end, hit.rule)):
            inside = any(
                other.category is hit.category and other.start <= hit.start and hit.end <= other.end
                for other in kept
            )
            if not inside and len(kept) < _MOST_HITS:
                kept.append(hit)
        return sorted(kept, key=lambda hit: hit.start)

    def cleared(self, text: str) -> Sequence[Excepted]:
        """Where exceptions match a text (names, idioms, other senses), and what each clears."""
        return self._excepted(self._read(text))

    def _excepted(self, read: _Read) -> Sequence[Excepted]:
        if read.excepted is None:
            read.excepted = [
                (*read.folded.span(start, max(end, start + 1)), clears)
                for index in read.key.possible(self._excepting)
                for start, end in read.key.spans(index)
                for clears in self._exceptions[index]
            ]
        return read.excepted

    def _not_excepted(self, hits: list[Hit], read: _Read) -> list[Hit]:
        for first, last, clears in self._excepted(read):
            hits = [
                hit
                for hit in hits
                if hit.category not in clears or hit.end <= first or hit.start >= last
            ]
        return hits

    def _signals(self, hits: list[Hit], read: _Read, comment: Comment) -> list[Signal]:
        text, post = read.written.text.text, comment.post_text
        reported = self._reported(hits, read)
        insults = {hit.span for hit in hits if hit.category is Category.OFFENSIVE}
        signals = []
        for hit in hits:
            aspect = hit.aspect
            quotable, insult = hit.category in _QUOTABLE, hit.span in insults
            by_marks = hit.category is Category.THREAT
            quoted = (quotable or insult) and is_quoted(text, post, *hit.span, by_marks=by_marks)
            if quoted and insult and self._in_context("condemned", read.key):
                continue
            if (quoted and quotable) or hit in reported:
                aspect = Aspect.QUOTED
            own_case = hit.category is Category.PERSONAL_ISSUE and aspect in _UNDECIDED
            if aspect is None or own_case:  # whatever a rule file says of its own cases
                aspect = self._target(hit.category, read, comment)
            signals.append(signal_of(hit, aspect, comment.text))
        return signals

    def _reported(self, hits: list[Hit], read: _Read) -> frozenset[Hit]:
        """Insults that the comment says somebody else has uttered."""
        insults = [hit for hit in hits if hit.category in _REPORTABLE]
        if not insults:
            return frozenset()
        told = [
            read.folded.span(start, max(end, start + 1))
            for index in read.key.possible(self._context.get("reported", 0))
            for start, end in read.key.spans(index)
        ]
        return frozenset(
            hit
            for hit in insults
            if any(first < hit.start and hit.end <= last for first, last in told)
        )

    def _weigh_fundraisers(self, hits: list[Hit], read: _Read, comment: Comment) -> list[Hit]:
        """Clears the offer of an approved fundraiser, and tells what only looks like one."""
        offers = [hit for hit in hits if hit.category is Category.SALES]
        asks = self._in_context("offering", read.key) and not self._in_context("asking", read.key)
        offer = Offer(
            text=comment.text,
            folded=read.folded.text,
            post=comment.post_text,
            at=comment.created_at,
            offering=bool(offers) or asks,
            things=things_named((hit for hit in offers if hit.score == STRONG), comment.text),
            resale=self._found("resale", read),
            private=self._found("own_account", read),
            rival=self._in_context("rival", read.key),
        )
        cleared, findings = judge_offer(offer, comment.fundraisers)
        if cleared:
            hits = [hit for hit in hits if hit.category is not Category.SALES]
        return hits + [
            Hit(f.rule, Category.SALES, f.score, f.start, f.end, note=f.note) for f in findings
        ]

    def _found(self, context: str, read: _Read) -> tuple[int, int] | None:
        """Where a context pattern first occurs, in the text as written."""
        for index in read.key.possible(self._context.get(context, 0)):
            for start, end in read.key.spans(index):
                if end > start:
                    return read.folded.span(start, end)
        return None

    def _target(self, category: Category, read: _Read, comment: Comment) -> Aspect:
        """Whom a hit is about. A grievance about how the schools are run is no private case."""
        if self._about_officials(read, comment):
            return Aspect.OFFICIAL
        if category is not Category.PERSONAL_ISSUE:
            return Aspect.NONE
        run = self._in_context("operations", read.key)
        return Aspect.OFFICIAL if run else Aspect.PRIVATE

    def about_officials(self, comment: Comment) -> bool:
        """Whether it names officials, or its post is about them, or what it answers."""
        return self._about_officials(self._read(comment.text), comment)

    def tells_of_words(self, text: str) -> bool:
        """Whether it passes on, or condemns, what somebody else has said."""
        key = self._read(text).key
        return self._in_context("reported", key) or self._in_context("condemned", key)

    def passes_on(self, text: str) -> bool:
        """Whether it offers something that somebody bought and does not use."""
        return self._in_context("resale", self._read(text).key)

    def _about_officials(self, read: _Read, comment: Comment) -> bool:
        return self._in_context("official", read.key) or any(
            self._in_context("official_post", self._read_post(text))
            for text in (comment.post_text, comment.parent_text)
            if text
        )

    def _in_context(self, name: str, text: Reading) -> bool:
        return text.holds_any(self._context.get(name, 0))


_COMPILED: Final[deque[RuleSet]] = deque(maxlen=_SETS_KEPT)
_compiling: Final = Lock()
_UNDECIDED: Final = frozenset({Aspect.NONE, Aspect.PRIVATE})
_REPORTABLE: Final = frozenset({Category.PROFANITY, Category.OFFENSIVE})
_QUOTABLE: Final = frozenset({Category.PROFANITY, Category.OFFENSIVE, Category.THREAT})


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

    @property
    def rules(self) -> RuleSet:
        """What the files say, for other classifiers."""
        return self._rules

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        """Rule hits of each comment, in the order of the comments."""
        return self._rules.judge_all(comments)
