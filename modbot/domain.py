"""The values that the whole service speaks in. Frozen, free of I/O, standard library only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

_NUMBERED = re.compile(r" #[0-9]+\Z")


class Verdict(StrEnum):
    """What should happen to a comment, mildest first."""

    ALLOW = "allow"
    REVIEW = "review"
    HIDE = "hide"
    ESCALATE = "escalate"


class Category(StrEnum):
    """The kinds of breach that the policy names; docs/policy.md defines them."""

    PROFANITY = "profanity"
    OFFENSIVE = "offensive"
    THREAT = "threat"
    CRISIS = "crisis"
    PERSONAL_ISSUE = "personal_issue"
    SALES = "sales"
    PRIVACY = "privacy"
    OFF_TOPIC = "off_topic"


class Mode(StrEnum):
    """How far the service may go on a page."""

    OBSERVE = "observe"  # decide and log
    ASSIST = "assist"  # hides wait for a person
    ENFORCE = "enforce"  # hides are carried out


class Capability(StrEnum):
    """What an adapter can do on its platform."""

    HIDE = "hide"
    RESTORE = "restore"
    DELETE = "delete"
    READ_HIDDEN = "read_hidden"  # Comment.hidden tells the platform's state
    LISTS_EDITS = "lists_edits"  # fetch_since() shows edits and says what it covered
    EDITS = "edits"  # people can edit a comment there
    LISTS = "lists"  # fetch_since() brings what people write there; else people have to bring it
    LOOKS_UP = "looks_up"  # fetch_one() and fetch_many() know every comment, and when it is gone
    SIGNS_IN = "signs_in"  # shows a token, which may end, and knows the page's own words
    THREADS = "threads"  # Comment.parent_id tells what a reply answers


class Aspect(StrEnum):
    """What a signal is about, where that changes what may be done about it."""

    NONE = ""
    OFFICIAL = "official"  # officials, public conduct, school operations
    AT_OFFICIAL = "at_official"  # perhaps aimed at one, and hardly criticism: a model's word
    PRIVATE = "private"  # a private case of a student, family or employee
    QUOTED = "quoted"  # words reported or quoted, not said
    SHORT = "short"  # too few words for a model's word to hide them


class ActionKind(StrEnum):
    HIDE = "hide"
    RESTORE = "restore"
    DELETE = "delete"


class ActionState(StrEnum):
    """Where an action stands. Only REQUESTED is open; every other state is final."""

    REQUESTED = "requested"
    CONFIRMED = "confirmed"
    GONE = "gone"  # the comment is no longer on the platform
    SUPERSEDED = "superseded"  # edited since, or a person decided otherwise
    FAILED = "failed"  # the platform refused for good


@dataclass(frozen=True, kw_only=True)
class Actor:
    """Who decided or changed something."""

    kind: str  # "bot" | "person"
    # What the record calls them, and nobody else: "modbot"; somebody who signed in by name and
    # number (recorded_as()); at the command line by the name that was given there.
    name: str


def recorded_as(name: str, number: int) -> str:
    """What the record calls somebody who signs in: "Ana Ruiz #5". Two may bear one name, so their
    number tells them apart, in words that the audit chain and every export carry."""
    return f"{name} #{number}"


def is_numbered(recorded: str) -> bool:
    """Whether the record's name for somebody ends in a number, as recorded_as() writes it."""
    return _NUMBERED.search(recorded) is not None


def without_number(recorded: str) -> str:
    """The name alone, which others may bear too."""
    return _NUMBERED.sub("", recorded)


BOT = Actor(kind="bot", name="modbot")


@dataclass(frozen=True, kw_only=True)
class Page:
    """A registered account of the district on a platform."""

    id: str  # our id, e.g. "facebook:1234"
    platform: str
    external_id: str  # the account's id at the vendor
    name: str
    mode: Mode = Mode.OBSERVE
    handle: str = ""  # the @name, where the platform has one
    base_url: str = ""  # site address (WordPress) or a stand-in's; empty: the vendor's own
    token_ref: str = ""  # "env:NAME" or "file:PATH"; never the token itself
    paused: bool = False


@dataclass(frozen=True, kw_only=True)
class Post:
    """What the district published and people comment on."""

    id: str
    text: str
    created_at: datetime


@dataclass(frozen=True, kw_only=True)
class Fundraiser:
    """A sale that the district approved: what it is called, and where its money may go."""

    name: str
    details: str = ""
    links: tuple[str, ...] = ()  # as written: "lhs-cheer.com", "https://fund.example/lhs-cheer"
    accounts: tuple[str, ...] = ()  # payment handle, phone number or e-mail address
    starts_at: datetime | None = None  # None: approved from the first
    ends_at: datetime | None = None  # None: until it is ended

    def runs_at(self, moment: datetime) -> bool:
        """Is it approved at this time? It runs up to, but not at, `ends_at`."""
        begun = self.starts_at is None or self.starts_at <= moment
        return begun and (self.ends_at is None or moment < self.ends_at)


@dataclass(frozen=True, kw_only=True)
class Comment:
    """One text version of one comment, as the platform showed it."""

    page_id: str
    platform: str
    id: str  # the vendor's id, unique on its page
    post_id: str
    text: str  # as sent: may hold NUL or lone surrogates
    created_at: datetime
    parent_id: str | None = None
    author_id: str | None = None  # Facebook may withhold it
    author_name: str | None = None
    hidden: bool | None = None  # None: the platform cannot tell
    can_hide: bool = True
    by_page: bool = False  # written by the page itself: never judged
    permalink: str | None = None
    raw: bytes = field(default=b"", repr=False)  # this item exactly as the vendor sent it
    post_text: str = ""  # context for the classifiers
    parent_text: str = ""
    approved_fundraisers: tuple[Fundraiser | str, ...] = ()  # in force; a bare name will do

    @property
    def fundraisers(self) -> tuple[Fundraiser, ...]:
        """The approved fundraisers; a bare name is one without a link or an account."""
        return tuple(
            Fundraiser(name=each) if isinstance(each, str) else each
            for each in self.approved_fundraisers
        )

    @property
    def text_sha256(self) -> str:
        """SHA-256 (hex) over the text as sent, lone surrogates included."""
        return hashlib.sha256(self.text.encode("utf-8", "surrogatepass")).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Coverage:
    """A promise of a listing: every comment of `post_id` (None: of the whole page)
    created at or after `since` is in this batch, so a known one that is not there is missing."""

    post_id: str | None
    since: datetime


@dataclass(frozen=True, kw_only=True)
class Missed:
    """Comments that the platform counts under a post but shows by no call: a person must look."""

    post_id: str
    count: int


@dataclass(frozen=True, kw_only=True)
class CommentBatch:
    """What one fetch_since() brought. Comments come oldest first; may overlap earlier batches."""

    comments: tuple[Comment, ...]
    cursor: str  # give it back to the next fetch_since(), but only once all is stored
    posts: tuple[Post, ...] = ()
    covered: tuple[Coverage, ...] = ()
    more: bool = False  # the platform has more right now: poll again at once
    usage: float | None = None  # share of the rate budget spent, 0 to 1, where the vendor says so
    missed: tuple[Missed, ...] = ()  # each is told once
    unread: str = ""  # in words, what of the past no later fetch reads either


@dataclass(frozen=True, kw_only=True)
class Share:
    """Words that moved a model's score, and their part of all that speaks for it."""

    text: str  # as the person wrote them
    start: int  # offsets in Comment.text, in code points
    end: int
    share: float  # 0 to 1


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """Why a signal was raised: a rule or a model label, and where in the original text."""

    rule: str  # rule id ("profanity_es:coño") or model label ("insult")
    text: str = ""  # the matched words as the person wrote them
    start: int | None = None  # offsets in Comment.text, in code points; None: no span
    end: int | None = None
    shares: tuple[Share, ...] = ()  # of a model's score, the greatest first
    note: str = ""  # what a person should know: "link a.example is not the approved b.example"


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One reason to look at a comment: a model score or a rule hit."""

    source: str  # "rules" or the model's name
    category: Category
    score: float  # 0 to 1
    evidence: Evidence
    aspect: Aspect = Aspect.NONE


ESCALATES = frozenset({Category.THREAT, Category.CRISIS})  # what nobody may wait for
# Where a model alone has less of a say.
SPARED = frozenset({Aspect.OFFICIAL, Aspect.AT_OFFICIAL, Aspect.QUOTED, Aspect.SHORT})


def looks_from(category: str, source: str, aspect: str, thresholds: Mapping[str, float]) -> str:
    """The name of the threshold that makes a person look at such a signal, of those compared."""
    if source == "rules":
        return f"{category}.review"
    own = f"{category}.model_review_official"
    return own if aspect in SPARED and own in thresholds else f"{category}.model_review"


@dataclass(frozen=True, kw_only=True)
class Decision:
    """A verdict with all that explains it."""

    verdict: Verdict
    hide: bool  # should the comment be out of sight (a threat escalates and hides)
    categories: tuple[Category, ...] = ()  # worst first
    signals: tuple[Signal, ...] = ()
    clause: str = ""  # the policy clause of the deciding category
    thresholds: Mapping[str, float] = field(default_factory=dict)  # those that were compared
    degraded: tuple[str, ...] = ()  # what was broken or withheld while deciding
    reason: str = ""  # one sentence for a person
