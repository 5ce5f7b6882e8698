"""Links in a text as people write them, and whether one imitates another."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from classifiers.normalise import fold

_END_LIST: Final = """
com net org edu gov io co us info biz app shop store link live site online xyz tv gg club ly be to
cc me do pr br mx example top page dev fund
"""
_ENDS: Final = "|".join(_END_LIST.split())
_DOT: Final = r"(?:\.|\s?[\[(](?:\.|dot|punto)[\])]\s?|\s(?:dot|punto)\s)"
_HOST: Final = rf"(?:[\w-]{{1,63}}{_DOT}){{1,6}}(?:{_ENDS})"
_LINK: Final = re.compile(
    rf"(?<![\w@.+-])(?:https?://)?(?P<host>{_HOST})(?![\w@-])(?P<path>(?::\d+)?/[^\s)\]>,]*)?",
    re.IGNORECASE,
)
# A browser goes to a bare number too: http://3627734734 is an address like any other.
_NUMBERED: Final = re.compile(
    r"https?://(?P<host>0x[0-9a-f]{1,8}|\d{1,10}|(?:\d{1,3}\.){3}\d{1,3}|\[[0-9a-f:.]{2,45}\])"
    r"(?![\w.-]*\w)(?P<path>(?::\d+)?/[^\s)\]>,]*)?",
    re.IGNORECASE,
)
_HINT: Final = re.compile(r"://|\w\.\w|\bdot\b|\bpunto\b|\(\.|\[\.", re.IGNORECASE)
_SPOKEN_DOT: Final = re.compile(_DOT, re.IGNORECASE)
_TWO_PART_LIST: Final = "co.uk com.br com.do com.mx com.pr org.br ma.us"
_TWO_PART_ENDS: Final = frozenset(_TWO_PART_LIST.split())
_SHORTENER_LIST: Final = """
bit.ly tinyurl.com t.co goo.gl ow.ly is.gd buff.ly rb.gy cutt.ly rebrand.ly shorturl.at tiny.cc
linktr.ee lnk.to s.id v.gd t.ly bl.ink
"""
_SHORTENERS: Final = frozenset(_SHORTENER_LIST.split())
_DIGITS: Final = str.maketrans("013457i", "oleastl")
_SHORTEST_IMITATED: Final = 5  # letters; of shorter names everything is a look-alike


@dataclass(frozen=True, slots=True)
class Link:
    """One link and where it stands in the text, in code points."""

    host: str  # lower case, without www.
    path: str  # with its slash; empty where there is none
    start: int
    end: int

    def __str__(self) -> str:
        return self.host + (self.path if len(self.path) <= 40 else self.path[:39] + "…")

    @property
    def shortened(self) -> bool:
        """Does it hide where it leads?"""
        numbered = ":" in self.host or self.host.replace(".", "").isdigit()
        return numbered or self.host in _SHORTENERS

    def within(self, approved: Link) -> bool:
        """Is it a page of the approved site, below the approved path if that has one?"""
        if ".." in self.path or "%2e" in self.path.lower():
            return False  # a browser climbs out of the path
        site = self.host == approved.host or self.host.endswith("." + approved.host)
        path = approved.path.rstrip("/")
        return site and (not path or (self.path + "/").startswith((path + "/", path + "?")))

    def imitates(self, approved: Link) -> bool:
        """Does it pass itself off as a site that it is not?

        Swapped, dropped, added or look-alike letters, another ending, the approved name inside
        another host.
        """
        if self.host == approved.host or self.host.endswith("." + approved.host):
            return False
        real = _skeleton(_own_name(approved.host))
        if len(real) < _SHORTEST_IMITATED:
            return False
        if approved.host in self.host or real in map(_skeleton, self.host.split(".")):
            return True
        own = _skeleton(_own_name(self.host))
        return own == real or _near(own, real) or (len(real) > 7 and real in own)


def links_in(text: str) -> Iterator[Link]:
    """Every link of a text, spelled dots ("site dot com") and bare hosts included; first those to a
    numbered host, which is given as browsers read it ("216.58.211.142")."""
    if not _may_hold_a_link(text):
        return
    for found in _NUMBERED.finditer(text):
        host = _as_address(found["host"].strip("[]"))
        if host:
            yield Link(host, found["path"] or "", found.start(), found.end())
    for found in _LINK.finditer(text):
        host = _SPOKEN_DOT.sub(".", found["host"]).lower().removeprefix("www.")
        if not host.replace(".", "").isdigit():
            yield Link(_readable(host), found["path"] or "", found.start(), found.end())


def _may_hold_a_link(text: str) -> bool:
    """A cheap look before the dear ones."""
    if "." not in text and "://" not in text:
        lower = text.lower()
        if "dot" not in lower and "punto" not in lower:
            return False
    return _HINT.search(text) is not None


def _as_address(number: str) -> str:
    """The address that a number stands for; empty where there is none."""
    try:
        return str(ip_address(number if "." in number or ":" in number else int(number, 0)))
    except ValueError:
        return ""


@lru_cache(maxsize=1024)
def link_of(text: str) -> Link | None:
    """The link that a setting or the registry names."""
    return next(links_in(text), None)


def look_alikes(links: Iterable[str], known: Iterable[str]) -> list[tuple[str, str]]:
    """Links that pass themselves off as a known one, each with the known one, as written."""
    found = []
    for text in links:
        link = link_of(text)
        if link is None:
            continue
        for other in known:
            real = link_of(other)
            if real is not None and link.imitates(real):
                found.append((text, other))
                break
    return found


def _readable(host: str) -> str:
    """Punycode as the letters that it stands for."""
    if "xn--" not in host:
        return host
    try:
        return host.encode("ascii").decode("idna")
    except UnicodeError:
        return host


def _own_name(host: str) -> str:
    """The label that its owner registered: "lhs-cheer" of "shop.lhs-cheer.com"."""
    labels = host.split(".")
    ending = 2 if ".".join(labels[-2:]) in _TWO_PART_ENDS else 1
    return labels[-ending - 1] if len(labels) > ending else labels[0]


@lru_cache(maxsize=1024)
def _skeleton(label: str) -> str:
    """What a label looks like at a glance."""
    plain = "".join(fold(letter).text for letter in label)
    plain = plain.replace("rn", "m").replace("vv", "w")
    return re.sub("[-_]", "", plain.translate(_DIGITS))


def _near(one: str, other: str) -> bool:
    """One letter swapped, dropped, added or changed; two in a long name."""
    allowed = 2 if len(other) >= 10 else 1
    return abs(len(one) - len(other)) <= allowed and _distance(one[:64], other[:64]) <= allowed


def _distance(one: str, other: str) -> int:
    """Edits between two words, a swap of neighbours counting one."""
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, last, row = row, before, [i]
        for j, b in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
