"""Reads a folder of rules: word lists (.txt) and patterns (.toml); see docs/policy.md, "Rules".

Every fault is a BadConfig with file, line and key. Patterns are RE2 (linear time, no look-around);
in them {name} stands for a fragment and ñ counts as a letter of a word. A fragment is a line of
[fragments], or a word list of its own that starts with `fragment: NAME`.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import re2

from classifiers.contacts import contacts_in
from classifiers.word_lists import SEVERITIES, WordRule, category, read_word_list
from modbot.domain import Aspect, Category
from modbot.errors import BadConfig

_MAX_BYTES: Final = 1_000_000
# What RE2 may keep of a pattern's states, twice its default: fewer are thrown away and made again,
# which takes a seventh off the rules' time for 15 MB of all patterns together.
_STATES_BYTES: Final = 16 << 20
_FRAGMENT: Final = re.compile(r"\{([a-z][a-z_]*)\}")
_DOMAIN: Final = re.compile(r"(?:[a-z0-9-]{1,63}\.)+[a-z]{2,20}")
_LIST_KEYS: Final = ("match", "with", "without", "post", "without_post")
_RULE_KEYS: Final = {"id", "severity", "aspect", "text", "category", *_LIST_KEYS}
_FILE_KEYS: Final = {
    *("category", "fragments", "rules", "exceptions", "context", "published_contacts")
}
_CONTEXTS: Final = {
    *("official", "official_post", "operations"),
    *("condemned", "reported"),
    *("own_account", "resale", "rival", "offering", "asking"),
    *("of_another", "of_oneself", "own_contact", "at_home", "lives_oneself"),
    *("public_line", "public_place"),
}


@dataclass(frozen=True, kw_only=True)
class PatternRule:
    """One [[rules]] table: any `match`, every `requires`, no `excludes`, likewise for the post."""

    rule: str  # "threat:beat_up"
    category: Category
    score: float
    aspect: Aspect | None  # None: by what the comment is about
    original: bool  # read the text as written (names, numbers) instead of the folded one
    match: tuple[str, ...]
    requires: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    post: tuple[str, ...] = ()
    excludes_post: tuple[str, ...] = ()
    file: str = ""
    line: int | None = None


@dataclass(frozen=True, kw_only=True)
class RuleFiles:
    """All rules of a folder and the SHA-256 of what they were read from."""

    words: tuple[WordRule, ...]
    innocent: frozenset[str]  # never taken for a form or disguise of a listed word
    innocent_stems: frozenset[str]  # nor for one that was cut off
    patterns: tuple[PatternRule, ...]
    exceptions: tuple[tuple[str, frozenset[Category]], ...]  # pattern; categories it clears
    context: Mapping[str, tuple[str, ...]]
    published: frozenset[str]  # numbers, addresses and domains that are the district's own
    sha256: str


@dataclass
class _Reading:
    words: list[WordRule] = field(default_factory=list)
    innocent: set[str] = field(default_factory=set)
    innocent_stems: set[str] = field(default_factory=set)
    patterns: list[PatternRule] = field(default_factory=list)
    exceptions: list[tuple[str, frozenset[Category]]] = field(default_factory=list)
    context: dict[str, tuple[str, ...]] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)


@dataclass(frozen=True, kw_only=True)
class RuleTexts:
    """The files of a rules folder as they are written."""

    by_path: Mapping[Path, str]
    sha256: str  # of their names and texts


def rule_texts(folder: Path) -> RuleTexts:
    """Raises BadConfig where there are none or one cannot be read."""
    try:
        paths = sorted(
            path
            for path in folder.iterdir()
            if path.suffix in (".txt", ".toml") and not path.name.startswith(".")
        )
    except OSError as error:
        raise BadConfig(f"cannot be read ({error.strerror})", file=str(folder)) from None
    if not paths:
        raise BadConfig("holds no rule files (.txt or .toml)", file=str(folder))
    digest = hashlib.sha256()
    texts = {}
    for path in paths:
        text = _read(path)
        digest.update(f"{path.name}\0{len(text)}\0{text}".encode())
        texts[path] = text
    return RuleTexts(by_path=texts, sha256=digest.hexdigest())


def read_rule_files(folder: Path) -> RuleFiles:
    """Raises BadConfig with file, line and key."""
    return parse_rules(rule_texts(folder))


def parse_rules(written: RuleTexts) -> RuleFiles:
    """Raises BadConfig with file, line and key."""
    texts = written.by_path
    reading = _Reading()
    tables = {path: _Table(path, text) for path, text in texts.items() if path.suffix == ".toml"}
    lists = {path: _read_fragment(path, text) for path, text in texts.items() if path not in tables}
    named = {path: table.fragments() for path, table in tables.items()}
    fragments = _merged({**named, **lists})
    for path, text in texts.items():
        if path.suffix == ".txt":
            if not lists[path]:
                listed = read_word_list(path, text)
                reading.words += listed.words
                reading.innocent |= listed.innocent
                reading.innocent_stems |= listed.innocent_stems
        else:
            tables[path].add_to(reading, fragments)
    return RuleFiles(
        words=tuple(w for w in reading.words if not (w.derived and w.text in reading.innocent)),
        innocent=frozenset(reading.innocent),
        innocent_stems=frozenset(reading.innocent_stems),
        patterns=tuple(reading.patterns),
        exceptions=tuple(reading.exceptions),
        context=reading.context,
        published=frozenset(reading.published),
        sha256=written.sha256,
    )


def _merged(named: Mapping[Path, Mapping[str, str]]) -> dict[str, str]:
    """The fragments of all files. A second of one name would change rules of another file."""
    found: dict[str, str] = {}
    where: dict[str, Path] = {}
    for path, fragments in named.items():
        for name, pattern in fragments.items():
            if name in found:
                problem = f"there is a fragment of this name in {where[name].name} already"
                raise BadConfig(problem, file=str(path), key=f"fragments.{name}")
            found[name], where[name] = pattern, path
    return found


@cache
def compiled(pattern: str) -> re2._Regexp:
    """The pattern over UTF-8 bytes; re2.error where it is none."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = _STATES_BYTES
    options.never_capture = True  # only whole matches are asked for, and groups cost a pass
    return re2.compile(pattern.encode(), options)


def as_matched(text: str) -> str:
    """A folded text or pattern as RE2 reads it: its \\b and \\w know ASCII only, so ñ becomes N.

    A folded text holds no capitals, so N is free and every character keeps its place.
    """
    return text.replace("ñ", "N")


def _read(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise BadConfig(f"cannot be read ({error.strerror})", file=str(path)) from None
    if len(raw) > _MAX_BYTES:
        raise BadConfig(f"is larger than {_MAX_BYTES:,} bytes", file=str(path))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise BadConfig("is not UTF-8", file=str(path), line=line) from None


def _read_fragment(path: Path, text: str) -> dict[str, str]:
    """`fragment: NAME`, then one alternative a line; nothing where the list is one of rules."""
    lines = [raw.split("#", 1)[0].strip() for raw in text.splitlines()]
    at = next((at for at, line in enumerate(lines) if line), 0)
    if not lines or not lines[at].startswith("fragment:"):
        return {}
    name = lines[at].removeprefix("fragment:").strip()
    entries = [line for line in lines[at + 1 :] if line]
    if not _FRAGMENT.fullmatch(f"{{{name}}}") or not entries:
        problem = "needs a lower-case name and at least one line below it"
        raise BadConfig(problem, file=str(path), line=at + 1, key="fragment")
    return {name: "|".join(entries)}


class _Table:
    """One .toml file of rules."""

    def __init__(self, path: Path, text: str):
        self._path, self._text = path, text
        try:
            self._data = tomllib.loads(text)
        except (tomllib.TOMLDecodeError, RecursionError) as error:
            found = re.search(r"at line (\d+)", str(error))
            line = int(found[1]) if found else None
            raise BadConfig(f"is not TOML: {error}", file=str(path), line=line) from None
        self._known(self._data, _FILE_KEYS, line=None)

    def fragments(self) -> dict[str, str]:
        fragments = self._data.get("fragments", {})
        if not isinstance(fragments, dict):
            raise self._bad("must be a table of names and patterns", key="fragments")
        own: dict[str, str] = {}
        for name, pattern in fragments.items():
            if not isinstance(pattern, str) or not re.fullmatch("[a-z][a-z_]*", name):
                raise self._bad("needs a lower-case name and a pattern in quotes", key=name)
            own[name] = pattern
        return own

    def add_to(self, reading: _Reading, fragments: Mapping[str, str]) -> None:
        for number, rule in enumerate(self._tables("rules")):
            reading.patterns.append(self._rule(rule, number, fragments))
        for number, rule in enumerate(self._tables("exceptions")):
            line = self._line_of("exceptions", number)
            self._known(rule, {"match", "categories"}, line)
            names = rule.get("categories", list(Category))
            if not _is_texts(names):
                raise self._bad("must be a list of categories", line=line, key="categories")
            clears = frozenset(category(name, self._path, line) for name in names)
            for pattern in self._patterns(rule, "match", line, fragments):
                reading.exceptions.append((pattern, clears))
        reading.published.update(self._published())
        context = self._data.get("context", {})
        self._known(context, _CONTEXTS, line=None)
        for key in context:
            found = self._patterns(context, key, self._line_of_key(key), fragments)
            reading.context[key] = reading.context.get(key, ()) + found

    def _published(self) -> Iterator[str]:
        """The district's own numbers, addresses and domains, as contacts_in() has them."""
        given = self._data.get("published_contacts", [])
        if not _is_texts(given):
            raise self._bad("must be a list of texts in quotes", key="published_contacts")
        for text in given:
            contact = next(contacts_in(text), None)
            domain = _DOMAIN.fullmatch(text.strip().lower())
            if contact is None and domain is None:
                raise self._bad(
                    f"{text!r} is no phone number with area code, e-mail address or domain",
                    key="published_contacts",
                )
            yield contact.value if contact else domain[0]  # type: ignore[index]

    def _rule(self, rule: dict[str, Any], number: int, fragments: Mapping[str, str]) -> PatternRule:
        line = self._line_of("rules", number)
        self._known(rule, _RULE_KEYS, line)
        for key in ("id", "severity", "match"):
            if key not in rule:
                raise self._bad("is missing", line=line, key=key)
        if rule["severity"] not in SEVERITIES:
            known = ", ".join(SEVERITIES)
            raise self._bad(f"must be one of {known}", line=line, key="severity")
        if rule.get("text", "folded") not in ("folded", "original"):
            raise self._bad("must be folded or original", line=line, key="text")
        aspect = rule.get("aspect", "")
        if aspect != "by_target" and aspect not in set(Aspect):
            raise self._bad(
                "must be official, private, quoted or by_target", line=line, key="aspect"
            )
        name = rule.get("category", self._data.get("category"))
        if not isinstance(name, str):
            raise self._bad("is missing", line=line, key="category")
        original = rule.get("text") == "original"
        patterns = {
            key: self._patterns(rule, key, line, fragments, folded="post" in key or not original)
            for key in _LIST_KEYS
        }
        return PatternRule(
            rule=f"{self._path.stem}:{rule['id']}",
            category=category(name, self._path, line),
            score=SEVERITIES[rule["severity"]],
            aspect=None if aspect == "by_target" else Aspect(aspect),
            original=original,
            match=patterns["match"],
            requires=patterns["with"],
            excludes=patterns["without"],
            post=patterns["post"],
            excludes_post=patterns["without_post"],
            file=str(self._path),
            line=line,
        )

    def _patterns(
        self,
        table: Mapping[str, Any],
        key: str,
        line: int | None,
        fragments: Mapping[str, str],
        *,
        folded: bool = True,
    ) -> tuple[str, ...]:
        found = table.get(key, [])
        if not _is_texts(found) or (key == "match" and not found):
            raise self._bad("must be a list of patterns in quotes", line=line, key=key)
        try:
            patterns = tuple(expand(pattern, fragments) for pattern in found)
        except KeyError as error:
            raise self._bad(f"no fragment {error}", line=line, key=key) from None
        if folded:
            patterns = tuple(as_matched(pattern) for pattern in patterns)
        for pattern in patterns:
            try:
                compiled(pattern)
            except re2.error as error:
                raise self._bad(f"is no RE2 pattern: {error}", line=line, key=key) from None
        return patterns

    def _tables(self, key: str) -> Sequence[dict[str, Any]]:
        tables = self._data.get(key, [])
        if not isinstance(tables, list) or not all(isinstance(table, dict) for table in tables):
            raise self._bad(f"must be [[{key}]] tables", key=key)
        return tables

    def _known(self, table: object, keys: set[str], line: int | None) -> None:
        if not isinstance(table, dict):
            raise self._bad("must be a table", line=line)
        for key in table:
            if key not in keys:
                raise self._bad("is not a known key", line=line or self._line_of_key(key), key=key)

    def _bad(self, problem: str, *, line: int | None = None, key: str = "") -> BadConfig:
        line = line or (self._line_of_key(key) if key else None)
        return BadConfig(problem, file=str(self._path), line=line, key=key)

    def _line_of(self, name: str, number: int) -> int | None:
        lines = self._text.splitlines()
        headers = [at for at, line in enumerate(lines, start=1) if line.strip() == f"[[{name}]]"]
        return headers[number] if number < len(headers) else None

    def _line_of_key(self, key: str) -> int | None:
        for at, line in enumerate(self._text.splitlines(), start=1):
            if re.match(rf"\s*\[*\s*[\"']?{re.escape(key)}[\"']?\s*[=\].]", line):
                return at
        return None


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def expand(pattern: str, fragments: Mapping[str, str], depth: int = 0) -> str:
    """The pattern with every {name} replaced; KeyError where a fragment is unknown or circular."""
    if depth > 8:
        raise KeyError("(a fragment that holds itself)")
    return _FRAGMENT.sub(
        lambda found: f"(?:{expand(fragments[found[1]], fragments, depth + 1)})", pattern
    )
