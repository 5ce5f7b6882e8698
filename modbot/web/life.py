"""The parts of a comment's life as its page shows them, each a bounded piece."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlmodel import Session

from modbot import store
from modbot.people import Person
from modbot.store import (
    Earlier,
    LogEntry,
    LoggedAction,
    LoggedAudit,
    LoggedDecision,
    LoggedVersion,
    Neighbours,
    Thread,
)
from modbot.web.beside import Beside, beside
from modbot.web.differences import Difference, differences
from modbot.web.filters import read_id
from modbot.web.marking import Piece, pieces
from modbot.web.veiling import may_offend
from modbot.web.why import Why, why_of

VERSIONS, DECISIONS, ACTIONS, LINKS = 10, 25, 50, 100  # of each on one page
SHOWN_CHARACTERS = 4000  # of a text that is not the one that was judged
_NEWEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class Text:
    """One text of the comment, and what changed from the one before."""

    version: LoggedVersion
    changed: tuple[Difference, ...]  # empty: it is the first
    pieces: tuple[Piece, ...]  # of the whole
    veiled: bool  # blurred until somebody asks for it, or what it was changed from is


@dataclass(frozen=True, kw_only=True)
class Step:
    """One decision of the comment, and why it was made."""

    decision: LoggedDecision
    why: Why


@dataclass(frozen=True, kw_only=True)
class Life:
    """Everything there is about a comment; of what is long, a piece and where the next begins
    (0: nowhere)."""

    texts: tuple[Text, ...]  # newest first
    older_texts: int
    decisions: tuple[Step, ...]  # newest first
    older_decisions: int
    around: Neighbours
    actions: tuple[LoggedAction, ...]  # newest first
    links: tuple[LoggedAudit, ...]  # oldest first
    all_links: int
    further_links: int
    thread: Thread
    beside: Mapping[str, tuple[Beside, ...]]  # parent, before, after, replies
    earlier: Earlier | None  # what the author wrote before
    earlier_latest: tuple[Beside, ...]
    runs: tuple[int, ...]  # undo runs with this comment in them that the reader may open

    @property
    def veils(self) -> bool:
        """Whether some of it is blurred until somebody asks for it."""
        around = [one for part in self.beside.values() for one in part]
        said = any(one.veiled for one in (*around, *self.earlier_latest))
        decided = any(step.why.veiled for step in self.decisions)
        return said or decided or any(text.veiled for text in self.texts)


def life_of(session: Session, entry: LogEntry, who: Person, query: Mapping[str, str]) -> Life:
    """The life of the comment of a decision; `query` says which pieces: "v" texts before that
    version, "d" decisions before that one, "a" audit rows after that one. Raises BadAddress."""
    row = entry.comment_row
    versions = store.versions_before(session, row, _at(query, "v"), VERSIONS + 1)
    decided = store.decisions_before(session, row, _at(query, "d"), DECISIONS + 1)
    numbers = store.audit_of_comment(session, row)
    after = read_id(query["a"]) if query.get("a") else 0
    left = [number for number in numbers if number > after]
    found = store.surroundings(session, row, who.pages)
    thread, earlier = found.thread, found.earlier
    return Life(
        texts=_texts(versions),
        older_texts=versions[VERSIONS - 1].number if len(versions) > VERSIONS else 0,
        decisions=tuple(Step(decision=one, why=why_of(one)) for one in decided[:DECISIONS]),
        older_decisions=decided[DECISIONS - 1].id if len(decided) > DECISIONS else 0,
        around=store.neighbours(session, row, entry.id),
        actions=tuple(store.actions_on(session, row, ACTIONS)),
        links=tuple(store.audit_links(session, left[:LINKS])),
        all_links=len(numbers),
        further_links=left[LINKS - 1] if len(left) > LINKS else 0,
        thread=thread,
        beside={
            "parent": beside(*([thread.parent] if thread.parent else [])),
            "before": beside(*thread.before),
            "after": beside(*thread.after),
            "replies": beside(*thread.replies),
        },
        earlier=earlier,
        earlier_latest=beside(*earlier.latest) if earlier else (),
        runs=tuple(store.runs_of_comment(session, row, who.pages)),
    )


def _at(query: Mapping[str, str], name: str) -> int:
    return read_id(query[name]) if query.get(name) else _NEWEST


def _texts(versions: list[LoggedVersion]) -> tuple[Text, ...]:
    """Each but the one that only serves to be compared with."""
    found = []
    for place, version in enumerate(versions[:VERSIONS]):
        old = versions[place + 1] if place + 1 < len(versions) else None
        changed = differences(old.text, version.text) if old else ()
        cut = version.text[:SHOWN_CHARACTERS]
        whole = cut if len(cut) == len(version.text) else f"{cut} …"
        veiled = may_offend((*version.categories, *(old.categories if old else ())))
        shown = tuple(pieces(whole, []))
        found.append(Text(version=version, changed=changed, pieces=shown, veiled=veiled))
    return tuple(found)
