"""What a text must hold for an RE2 pattern to match: short strings that are found in one pass.

Patterns and texts are compared in a form that scanned() makes: lower case, every digit a 0, every
other byte that is no ASCII letter a space. There "\\bkill\\b" is " kill ". What the reader below
does not know asks for nothing: at worst a pattern is tried in vain, it is never left out.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from itertools import accumulate
from string import ascii_letters, digits
from typing import Final

Need = frozenset[bytes]  # any one of these must be in the scanned text

# Measured with the shipped rules by tests/benchmarks/bench_judging.py.
_MOST_BYTES: Final = 10  # of one string; rare enough
MOST_NEEDS: Final = 3  # of one pattern; more are not worth the look
_COMMON_WORD: Final = 0.3  # guessed share of the texts that hold one
_SIGN: Final = 0.03
_OFTEN: Final = 0.4
_MOST_EXACT: Final = 64  # strings that one part of a pattern may stand for
_MOST_REPEATS: Final = 10
_EDGE: Final = "\b"  # a word begins or ends here
# Two are mostly an edge and a letter.
_BY_LENGTH: Final = [1.0, 1.0, 0.5, *(4.0 ** (1 - length) for length in range(3, _MOST_BYTES + 1))]
_SPACES: Final = frozenset(" " * count for count in (1, 2, 3, 4))  # any one character in UTF-8
_LONG: Final = 4000  # bytes
_STRETCH: Final = 58  # bytes
_NO_ATOM: Final = b""
_SEPARATOR: Final = b"\n"
_FORM: Final = bytes(
    ord("0")
    if chr(byte) in digits
    else ord(chr(byte).lower())
    if chr(byte) in ascii_letters + "_"
    else ord(" ")
    for byte in range(256)
)
_NO_SIGNS: Final = (ascii_letters + digits + "_ \n\t\r.,!?'-").encode()
# RE2 takes them for s and k where it ignores case: no text with them can be scanned.
_FOLDING: Final = ("ſ".encode(), "\u212a".encode())

_TOKEN: Final = re.compile(
    r"\(\?[a-zA-Z-]+\)|\((?:\?(?:P?<\w+>|[a-zA-Z-]*:))?"  # (?i) or ( or (?: or (?P<name>
    r"|[*+?]\??|\{\d+(?:,\d*)?\}\??"
    r"|\[\^?\]?(?:\[:\^?\w+:\]|\\[pP]\{\^?\w+\}|\\x\{\w+\}|\\.|[^\]\\])*\]"
    r"|\\(?:[pP]\{\^?\w+\}|[pP]\w|x\{[0-9a-fA-F]+\}|x[0-9a-fA-F]{2}|[0-7]{1,3}|.)"
    r"|[\w ,;:'/@&#%<>=~!-]+(?![*+?{])|.",
    re.DOTALL | re.ASCII,
)
_COMMON_WORDS: Final = """
a an and are at be but can de do el en es for from go have he her him his i if in is it just la las
like lo los me mi my no not of on or our out que se she so su that the their them they this to u un
una up was we what when who will with y yo you your
"""
_COMMON: Final = frozenset(
    atom.encode()
    for word in _COMMON_WORDS.split()
    for atom in (word, f" {word} ", f" {word}", f"{word} ")
)
_IGNORES_CASE: Final = re.compile(r"\(\?[a-zA-Z]*i")
_RARE_IN_SET: Final = re.compile(r"\[:|[^\\]-.|\\[A-Za-ceg-mo-qu-z\\]")


@dataclass(frozen=True, slots=True)
class _Part:
    """Part of a pattern: all that it can stand for, if that is little, and what it needs."""

    exact: frozenset[str] | None
    needs: tuple[Need, ...] = ()


_NOTHING: Final = _Part(frozenset([""]))
_ANYTHING: Final = _Part(None)
_BETWEEN: Final = _Part(frozenset([_EDGE]))
_ESCAPES: Final = {
    "b": _BETWEEN,
    "B": _NOTHING,
    "A": _NOTHING,
    "z": _NOTHING,
    "d": _Part(frozenset(["0"])),
    "W": _Part(_SPACES),
    **dict.fromkeys("sntrfv", _Part(frozenset([" "]))),
}


_Key = tuple[str, bool, bool, bool]  # tokens, edge before, edge after, case ignored


class _NotRead(Exception):
    """A pattern of a kind that is not read here."""


def scanned(raw: bytes) -> bytes:
    """The form of a text (UTF-8) in which needs are looked for; empty: they cannot be."""
    if not raw.isascii() and any(odd in raw for odd in _FOLDING):
        return b""
    form = b" " + raw.translate(_FORM) + b" " + _SEPARATOR + raw.translate(None, _NO_SIGNS)
    if len(form) <= _LONG:
        return form
    # Who repeats a line a thousand times is read once. Every atom lies whole in one stretch.
    step = _STRETCH - _MOST_BYTES
    return _SEPARATOR.join({form[at : at + _STRETCH] for at in range(0, len(form), step)})


def needs(patterns: Iterable[str]) -> list[tuple[Need, ...]]:
    """For each pattern what must all be met for it to match, rarest first; empty: it may always."""
    known: dict[_Key, _Part] = {}  # patterns share many of their groups
    return [_needs(pattern, known) for pattern in patterns]


def _needs(pattern: str, known: dict[_Key, _Part]) -> tuple[Need, ...]:
    try:
        part = _Reader(pattern, known).read()
    except (_NotRead, RecursionError):
        return ()
    found = sorted({*part.needs, *_need_of(part.exact)}, key=_frequency)
    return (*found[:1], *(need for need in found[1:MOST_NEEDS] if _frequency(need) < _OFTEN))


class _Reader:
    """Reads a pattern that RE2 has accepted."""

    def __init__(self, pattern: str, known: dict[_Key, _Part]):
        self._pattern = pattern
        self._known = known
        self._tokens = _TOKEN.findall(pattern)
        self._starts = list(accumulate(map(len, self._tokens), initial=0))
        self._closes: dict[int, int] = {}
        opened: list[int] = []
        for at, token in enumerate(self._tokens):
            if token[0] == "(" and (token == "(" or token[-1] != ")"):
                opened.append(at)
            elif token == ")":
                if not opened:
                    raise _NotRead
                self._closes[opened.pop()] = at
        if opened:
            raise _NotRead
        self._ignores_case = _IGNORES_CASE.search(pattern) is not None

    def read(self) -> _Part:
        return self._alternatives(0, len(self._tokens), before=False, after=False)

    def _alternatives(self, start: int, end: int, *, before: bool, after: bool) -> _Part:
        """The tokens of a group; does an edge of a word stand before it, or after it?"""
        branches = []
        at = start
        while True:
            if self._stands_alone(at, end):
                branches.append(self._one(self._tokens[at], before=before, after=after))
                at += 1
            else:
                parts, at = self._sequence(at, end, before=before, after=after)
                branches.append(_joined(parts))
            if at == end:
                return branches[0] if len(branches) == 1 else _either(branches)
            at += 1

    def _sequence(self, at: int, end: int, *, before: bool, after: bool) -> tuple[list[_Part], int]:
        parts = [_BETWEEN] if before else []
        while at < end and self._tokens[at] != "|":
            token = self._tokens[at]
            if _is_many(token):
                parts[-1] = _repeated(parts[-1], *_counts(token))
            elif at in self._closes:
                close = self._closes[at]
                leads = bool(parts) and parts[-1] is _BETWEEN
                parts.append(self._group(at, close, before=leads, after=self._edge(close + 1)))
                at = close
            else:
                parts.append(self._one(token))
            at += 1
        return [*parts, _BETWEEN] if after else parts, at

    def _stands_alone(self, at: int, end: int) -> bool:
        """Is the token a whole branch?"""
        if at == end or self._tokens[at] == "|":
            return False
        return at + 1 == end or self._tokens[at + 1] == "|"

    def _edge(self, at: int) -> bool:
        """Does an edge of a word stand here, not one that is optional?"""
        many = at + 1 < len(self._tokens) and _is_many(self._tokens[at + 1])
        return self._tokens[at : at + 1] == [r"\b"] and not many

    def _group(self, opens: int, closes: int, *, before: bool, after: bool) -> _Part:
        text = self._pattern[self._starts[opens] : self._starts[closes]]
        key = (text, before, after, self._ignores_case)
        part = self._known.get(key)
        if part is None:
            part = self._alternatives(opens + 1, closes, before=before, after=after)
            self._known[key] = part
        return part

    def _one(self, token: str, *, before: bool = False, after: bool = False) -> _Part:
        key = (token, before, after, self._ignores_case)
        part = self._known.get(key)
        if part is None:
            part = _single(token, self._ignores_case)
            part = _joined([*([_BETWEEN] * before), part, *([_BETWEEN] * after)])
            self._known[key] = part
        return part


def _is_many(token: str) -> bool:
    return token[0] in "*+?" or (token[0] == "{" and len(token) > 1)


def _single(token: str, ignores_case: bool) -> _Part:
    if token[0] == "[" and len(token) > 1:
        return _set(token[1:-1], ignores_case)
    if token[0] == "\\":
        return _escape(token[1:], ignores_case)
    if token == ".":
        return _ANYTHING
    if token in ("^", "$") or token[0] == "(":
        return _NOTHING
    return _letters(token, ignores_case)


def _letters(text: str, ignores_case: bool) -> _Part:
    raw = text.encode("utf-8", "surrogatepass")
    if not raw.isascii() and ignores_case:
        return _ANYTHING
    rest = raw.translate(None, _NO_SIGNS)
    signs = {letter.encode() for letter in rest.decode("utf-8", "surrogatepass")}
    return _Part(
        frozenset([raw.translate(_FORM).decode()]), tuple(frozenset([sign]) for sign in signs)
    )


def _escape(text: str, ignores_case: bool) -> _Part:
    if text in _ESCAPES:
        return _ESCAPES[text]
    if text == "Q" or text.isdigit():
        raise _NotRead
    return _ANYTHING if text.isalnum() or len(text) > 1 else _letters(text, ignores_case)


def _set(inside: str, ignores_case: bool) -> _Part:
    if inside == "0-9":
        return _ESCAPES["d"]
    if inside.startswith("^") or _RARE_IN_SET.search(inside):
        return _ANYTHING
    parts = [
        _escape(found[0][1:], ignores_case)
        if found[0][0] == "\\"
        else _letters(found[0], ignores_case)
        for found in re.finditer(r"\\.|.", inside, re.DOTALL)
    ]
    return _either(parts)


def _counts(text: str) -> tuple[int, int | None]:
    """The least and greatest number that a quantifier asks for."""
    text = text.rstrip("?") or "?"
    if text[0] != "{":
        return {"*": (0, None), "+": (1, None), "?": (0, 1)}[text]
    least, comma, most = text[1:-1].partition(",")
    return int(least), int(most) if most else (None if comma else int(least))


def _repeated(part: _Part, least: int, most: int | None) -> _Part:
    if least == 0:
        optional = most == 1 and part.exact is not None
        return _Part((part.exact or frozenset()) | {""}) if optional else _ANYTHING
    part = _joined([part] * min(least, _MOST_REPEATS))
    if least == most and least <= _MOST_REPEATS:
        return part
    return _Part(None, (*part.needs, *_need_of(part.exact)))


def _joined(parts: list[_Part]) -> _Part:
    """One after the other."""
    if len(parts) == 1:
        return parts[0]
    run: Collection[str] = [""]
    all_needs: list[Need] = []
    whole = True
    for part in parts:
        all_needs += part.needs
        if part.exact is not None and len(run) * len(part.exact) <= _MOST_EXACT:
            run = [before + after for after in part.exact for before in run]
            continue
        all_needs += _need_of(run)
        run, whole = part.exact or [""], False
    if whole:
        return _Part(frozenset(run), tuple(all_needs))
    return _Part(None, (*all_needs, *_need_of(run)))


def _either(branches: list[_Part]) -> _Part:
    """Any of them."""
    exact: frozenset[str] | None = None
    if all(branch.exact is not None for branch in branches):
        exact = frozenset().union(*(branch.exact or () for branch in branches))
        if not any(branch.needs for branch in branches):
            return _Part(exact)
    best: list[Need] = []
    for branch in branches:
        choices = (*branch.needs, *_need_of(branch.exact))
        if not choices:
            return _Part(exact)
        best.append(min(choices, key=_frequency))
    return _Part(exact, (_shortest(frozenset().union(*best)),))


def _need_of(exact: Collection[str] | None) -> tuple[Need, ...]:
    """One of the exact strings, unless any of them says nothing."""
    if not exact:
        return ()
    atoms = frozenset(map(_atom, exact))
    return () if _NO_ATOM in atoms else (_shortest(atoms),)


def _shortest(atoms: frozenset[bytes]) -> Need:
    """Without those that begin with another one."""
    if len(atoms) == 1:
        return atoms
    kept: list[bytes] = []
    for atom in sorted(atoms):
        if not kept or not atom.startswith(kept[-1]):
            kept.append(atom)
    return frozenset(kept)


def _atom(string: str) -> bytes:
    """An edge at either end of a word is the space before or after it."""
    inside = string.strip(_EDGE)
    if not inside.strip():
        return _NO_ATOM
    if string[0] == _EDGE and inside[0] != " ":
        inside = " " + inside
    if string[-1] == _EDGE and inside[-1] != " ":
        inside += " "
    return inside.replace(_EDGE, "")[:_MOST_BYTES].encode()


def _frequency(need: Need) -> float:
    """Roughly how often a text meets it."""
    often = 0.0
    for atom in need:
        if atom in _COMMON:
            often += _COMMON_WORD
        else:
            often += _BY_LENGTH[len(atom)] if atom[0] in _FORM else _SIGN
    return often
