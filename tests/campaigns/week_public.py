"""What people do on the district's pages in a simulated time: posts, comments, edits, deletions.

Comments come as they do on school pages: most within the first hours of a post, some days later,
in daytime. In the day that ships with the sandbox 95 % of the comments come within 26 minutes of
whatever stood on the page before; here a few more come late.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from platforms.sandbox.records import SandboxComment
from platforms.sandbox.world import World

CORPUS = Path(__file__).parent.parent / "corpus" / "dev.jsonl"
WELCOME, POST = "Welcome to our page", "School news {}"  # what stands there first, and later
POSTS_A_DAY = 0.4  # of a page, on average, unless a run says otherwise
COMMENTS_A_POST = 8.0
HOT_SHARE, HOT_COMMENTS = 0.04, 70  # some posts draw a crowd
SOON, SOON_MINUTES = 0.97, 40.0  # this share comes so soon after the post, on average
LATE_HOURS = 72.0  # the rest comes within this
BAD_SHARE = 0.12  # are such that the policy hides them
EDITED, DELETED, REPLIES, OWN = 0.04, 0.03, 0.3, 0.02
OPENS, CLOSES = 12, 25  # hours UTC between which a school's public is awake
NUMBERS = (7, 42, 318, 868, 1207, 2026, 3394, 4571, 5860, 6956, 8113, 9740, 10403, 12895, 104729)
CANNOT_EDIT = ("instagram",)
TAKES_REPLIES_ALONG = ("facebook", "instagram", "youtube")


@dataclass(frozen=True, kw_only=True)
class Habits:
    """What a public does how often."""

    posts_a_day: float = POSTS_A_DAY  # a page
    edited: float = EDITED  # share of the comments


USUAL = Habits()


@dataclass(frozen=True, kw_only=True)
class Act:
    """Something that somebody does. `number`: of the post or comment that it makes or changes."""

    at: datetime
    kind: str  # post | comment | own | edit | delete
    number: int
    page: str
    text: str = ""
    under: int = 0  # the post's number
    parent: int | None = None


Said = tuple[str, str, str]  # a text, that of its post, that of the comment which it answers
Hidden = Callable[[Sequence[Said]], Sequence[bool]]


@dataclass(frozen=True, kw_only=True)
class Texts:
    """Texts that the service judges the same way whatever follows them, under whichever post."""

    bad: Sequence[str]
    good: Sequence[str]
    hidden: Hidden | None = None  # says so of each; None: not to be asked

    def fits(self, text: str, post: str, answered: Sequence[str] = (), *, bad: bool) -> bool:
        """Is it judged as it was meant, with this very number under this very post? `answered`: the
        texts that the comment above it has in the course of time, if there is one."""
        ways = [(text, post, above) for above in ("", *answered)]
        return self.hidden is None or list(self.hidden(ways)) == [bad] * len(ways)

    @classmethod
    def chosen(cls, hidden: Hidden) -> Texts:
        """Of the corpus: where its label and the judgement agree, with any number behind and
        without a fundraiser, of which there are none here. `hidden` says of texts and the posts
        that they stand under whether they are hidden."""
        lines = CORPUS.read_text("utf-8").splitlines()
        rows = [row for row in map(json.loads, lines) if not row["approved_fundraisers"]]
        tails = ["", *(f" {number}" for number in NUMBERS)]
        ways = [(t, post) for t in tails for post in (POST.format(t.strip() or "0"), WELCOME)]

        def agreed(action: str, *, wanted: bool) -> list[str]:
            texts = [row["comment"] for row in rows if row["action"] == action]
            found = iter(hidden([(text + tail, post, "") for text in texts for tail, post in ways]))
            each = [[next(found) for _ in ways] for _ in texts]
            return [t for t, of in zip(texts, each, strict=True) if of == [wanted] * len(ways)]

        bad, good = agreed("hide", wanted=True), agreed("allow", wanted=False)
        return cls(bad=bad, good=good, hidden=hidden)


def written(
    world: World,
    texts: Texts,
    *,
    start: datetime,
    days: float,
    chance: random.Random,
    habits: Habits,
) -> list[Act]:
    """All that happens in `days` on every page of the world, in order of time."""
    author = _Author(texts, chance, habits.edited)
    end = start + timedelta(days=days)
    acts: list[Act] = []
    for page in world.pages():
        for at in _post_times(start, days, habits.posts_a_day, chance):
            acts += author.thread(page.id, page.platform, at)
    return sorted((a for a in acts if a.at < end), key=lambda a: (a.at, a.number))


def _post_times(
    start: datetime, days: float, posts_a_day: float, chance: random.Random
) -> Iterator[datetime]:
    """At the rate of the waking hours all day, without those of the night."""
    at, rate = start, posts_a_day / (CLOSES - OPENS)
    while (at := at + timedelta(hours=chance.expovariate(rate))) < start + timedelta(days=days):
        if at.hour >= OPENS or at.hour < CLOSES - 24:
            yield at


class _Author:
    """Numbers posts and comments, and gives each its text."""

    def __init__(self, texts: Texts, chance: random.Random, edited: float):
        self._texts = texts
        self._edited = edited
        self._chance = chance
        self._number = 0
        self._texts_of: dict[int, list[str]] = {}  # of a comment, in the course of time

    def thread(self, page: str, platform: str, at: datetime) -> Iterator[Act]:
        post = self._next()
        yield Act(at=at, kind="post", number=post, page=page, text=POST.format(post))
        mean = HOT_COMMENTS if self._chance.random() < HOT_SHARE else COMMENTS_A_POST
        tops: list[tuple[int, datetime]] = []
        for moment in sorted(self._delays(int(self._chance.expovariate(1 / mean)))):
            number, when = self._next(), at + moment
            parent = None
            if tops and self._chance.random() < REPLIES:
                parent = self._chance.choice(tops)[0]
            else:
                tops.append((number, when))
            kind = "own" if self._chance.random() < OWN else "comment"
            answered = self._texts_of.get(parent or 0, ())
            text = self._text(number, POST.format(post), answered)
            yield Act(
                at=when, kind=kind, number=number, page=page, text=text, under=post, parent=parent
            )
            if kind == "comment":
                under = (POST.format(post), answered)
                yield from self._second_thoughts(number, page, platform, when, under)

    def _delays(self, count: int) -> list[timedelta]:
        return [
            timedelta(minutes=self._chance.expovariate(1 / SOON_MINUTES))
            if self._chance.random() < SOON
            else timedelta(hours=self._chance.uniform(1, LATE_HOURS))
            for _ in range(count)
        ]

    def _second_thoughts(
        self,
        number: int,
        page: str,
        platform: str,
        at: datetime,
        under: tuple[str, Sequence[str]],
    ) -> Iterator[Act]:
        if platform not in CANNOT_EDIT and self._chance.random() < self._edited:
            when = at + timedelta(minutes=self._chance.uniform(0.2, 360))
            text = self._text(number, *under)
            yield Act(at=when, kind="edit", number=number, page=page, text=text)
        if self._chance.random() < DELETED:
            when = at + timedelta(minutes=self._chance.uniform(0.2, 720))
            yield Act(at=when, kind="delete", number=number, page=page)

    def _text(self, number: int, post: str, answered: Sequence[str]) -> str:
        bad = self._chance.random() < BAD_SHARE
        while True:
            said = self._chance.choice(self._texts.bad if bad else self._texts.good)
            text = f"{said} {self._next()}"
            if self._texts.fits(text, post, answered, bad=bad):
                self._texts_of.setdefault(number, []).append(text)
                return text

    def _next(self) -> int:
        self._number += 1
        return self._number


class Public:
    """Does what was written, and remembers which text is whose."""

    def __init__(self, world: World, texts: Texts):
        self._world = world
        self._bad, self._good = frozenset(texts.bad), texts.good
        self._ids: dict[int, str] = {}  # by number, the vendor's id now
        self.texts: dict[str, list[str]] = {}  # by vendor's id, oldest first

    def do(self, act: Act) -> None:
        """One act, at its time. What is gone by then is not changed any more."""
        if act.kind == "post":
            self._ids[act.number] = self._world.add_post(act.page, act.text, at=act.at)
        elif act.kind in ("comment", "own"):
            self._comment(act)
        elif act.number in self._ids and self._world.comment(self._ids[act.number]):
            self._change(act)

    def overtake(self, comment: SandboxComment, chance: random.Random) -> str:
        """Its writer or somebody of the staff is quicker than the service. Gives what was done."""
        can_edit = comment.platform not in (*CANNOT_EDIT, "x")  # there an edit is another post
        how = chance.choice(("deleted", "hidden", "edited") if can_edit else ("deleted", "hidden"))
        if how == "deleted":
            along = comment.platform in TAKES_REPLIES_ALONG
            self._world.delete_comment(comment.id, with_replies=along)
        elif how == "hidden":
            self._world.set_hidden(comment.id, True)
        else:
            text = f"{chance.choice(self._good)} {chance.randrange(10**6, 10**7)}"
            self._world.edit_comment(comment.id, text)
            self.texts[comment.id].append(text)
        return how

    def is_bad(self, text: str) -> bool:
        """Should the policy hide a text that was written here?"""
        return text.rpartition(" ")[0] in self._bad

    def _comment(self, act: Act) -> None:
        parent = self._ids.get(act.parent) if act.parent is not None else None
        if parent is not None and self._world.comment(parent) is None:
            parent = None
        by = {"author_id": act.page} if act.kind == "own" else {"author_id": f"u{act.number % 900}"}
        made = self._world.add_comment(
            self._ids[act.under], act.text, parent=parent, at=act.at, **by
        )
        self._ids[act.number] = made
        self.texts[made] = [act.text]

    def _change(self, act: Act) -> None:
        comment = self._world.ever(self._ids[act.number])
        if act.kind == "delete":
            along = comment.platform in TAKES_REPLIES_ALONG
            self._world.delete_comment(comment.id, with_replies=along, at=act.at)
            return
        self._ids[act.number] = self._world.edit_comment(comment.id, act.text, at=act.at)
        self.texts.setdefault(self._ids[act.number], []).append(act.text)
