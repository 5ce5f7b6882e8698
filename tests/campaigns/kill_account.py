"""Holds what the platforms saw against what the service stored."""

from __future__ import annotations

import hashlib
import json
import subprocess
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import text

from modbot.cli.record import open_record
from modbot.settings.sections import DatabaseSection
from platforms.sandbox.records import SandboxComment
from platforms.sandbox.world import World

BOT_DECISIONS = """
    select c.platform, c.comment_id, v.text_sha256, count(d.id)
    from version v
    join comment c on c.id = v.comment_row
    left join decision d on d.version_id = v.id and d.actor_kind = 'bot'
    group by v.id, c.platform, c.comment_id
"""
HIDES = """
    select c.platform, c.comment_id, a.state
    from action a join comment c on c.id = a.comment_row
    where a.kind = 'hide'
"""

ALLOWED = """
    select c.platform, c.comment_id
    from comment c
    join decision d on d.id = (select max(id) from decision where comment_row = c.id)
    where d.verdict = 'allow'
"""

WRITING = ("POST", "PUT")  # the service writes nothing but hides to these platforms

Where = Path | DatabaseSection  # a file, or a database on a server
Key = tuple[str, str]  # platform, vendor's comment id


@dataclass(frozen=True, kw_only=True)
class Stored:
    """The service's side, read from its database."""

    versions: Mapping[tuple[str, str, str], int]  # with the text's hash -> decisions of the bot
    hides: Mapping[Key, tuple[str, ...]]  # the states of a comment's hides
    allowed: frozenset[Key]  # by the newest decision
    integrity: str

    @property
    def confirmed(self) -> set[Key]:
        return {key for key, states in self.hides.items() if "confirmed" in states}

    def states(self) -> Counter[str]:
        return Counter(state for states in self.hides.values() for state in states)


def read_stored(where: Where) -> Stored:
    """What is in the database right now."""
    with open_record(where) as database, database.read() as s:
        connection = s.connection()
        versions = {(r[0], r[1], r[2]): r[3] for r in connection.execute(text(BOT_DECISIONS))}
        hides: dict[Key, tuple[str, ...]] = {}
        for platform, comment_id, state in connection.execute(text(HIDES)):
            key = (platform, comment_id)
            hides[key] = (*hides.get(key, ()), state)
        allowed = frozenset((r[0], r[1]) for r in connection.execute(text(ALLOWED)))
        integrity = "ok"  # a server's pages are its own affair
        if isinstance(where, Path):
            integrity = str(connection.execute(text("pragma integrity_check")).scalar())
    return Stored(versions=versions, hides=hides, allowed=allowed, integrity=integrity)


def is_requested(where: Where, call_path: str) -> bool:
    """Is a hide of the comment in this call's path on record already?"""
    parts = {f"p{n}": part for n, part in enumerate(call_path.split("/")) if part}
    named = ", ".join(f":{name}" for name in parts)
    with open_record(where) as database, database.read() as s:
        asked = text(f"{HIDES} and c.comment_id in ({named}) limit 1")
        return s.connection().execute(asked, parts).first() is not None


def missing(world: World, stored: Stored) -> list[str]:
    """Ids of comments whose present text is not stored with a decision. One that was deleted may
    never have been shown."""
    return [
        c.id
        for c in world.all_comments()
        if c.deleted_at is None and not stored.versions.get((c.platform, c.id, _text_hash(c)))
    ]


def _never_stored(world: World, stored: Stored) -> set[Key]:
    known = {(platform, comment_id) for platform, comment_id, _ in stored.versions}
    return {(c.platform, c.id) for c in world.all_comments() if c.deleted_at is None} - known


def account(world: World, stored: Stored) -> dict[str, Any]:
    """Everything that must be nought, and the figures beside it."""
    effects = Counter(e.comment_id for e in world.effects if e.hidden)
    # Of one that was hidden and then deleted, the record may only say that it is gone.
    hidden = {(c.platform, c.id) for c in world.all_comments() if c.hidden and c.deleted_at is None}
    gone = {(c.platform, c.id) for c in world.all_comments() if c.deleted_at is not None}
    return {
        "comments": len(world.all_comments()),
        "versions": len(stored.versions),
        "lost": len(missing(world, stored)),
        "never_stored": len(_never_stored(world, stored)),  # those of them not known at all
        "judged_twice": sum(1 for n in stored.versions.values() if n > 1),
        "unjudged": sum(1 for n in stored.versions.values() if n < 1),
        "double_effects": sum(n - 1 for n in effects.values())
        + sum(1 for e in world.effects if not e.hidden),
        "hidden": len(hidden),
        "hidden_without_record": len(hidden - stored.confirmed),
        "recorded_but_not_hidden": len(stored.confirmed - hidden - gone),
        "hidden_but_allowed": len(hidden & stored.allowed),
        "hides": dict(stored.states()),
        "hide_calls": sum(1 for call in world.call_log if call.method in WRITING),
        "integrity": stored.integrity,
    }


def verify(modbot: Path, config: Path) -> dict[str, Any]:
    """What `modbot verify --json` says of the audit chain."""
    command = [str(modbot), "verify", "--json", "--config", str(config)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=900)
    said: dict[str, Any] = json.loads(done.stdout)
    return {"ok": said["ok"] and done.returncode == 0, "rows": said["rows"]}


def _text_hash(comment: SandboxComment) -> str:
    return hashlib.sha256(comment.text.encode("utf-8", "surrogatepass")).hexdigest()
