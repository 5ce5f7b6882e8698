"""What became of a simulated week, held against what the stand-ins know.

Nothing here asks the service what it thinks of itself but its database, its log and its audit
chain; what was written, hidden, refused and asked comes from the world.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from sqlalchemy import text

from modbot import audit
from modbot.pipeline import PollResult
from modbot.ports import Spending
from platforms.sandbox.records import SandboxComment
from platforms.x import OWN_POSTS_EVERY
from tests.campaigns.kill_account import Stored, read_stored
from tests.campaigns.week_district import CANARY, District

# From a comment to its hide, p95.
BARS_SECONDS = {"facebook": 60, "instagram": 60, "x": 60, "wordpress": 60, "youtube": 300}
REVIEWS = """
    select c.platform, c.comment_id
    from comment c
    join decision d on d.id = (select max(id) from decision where comment_row = c.id)
    where d.verdict in ('review', 'escalate') and d.degraded != '[]'
"""
NOUGHT = (
    *("lost", "judged_twice", "unjudged", "early_calls", "tokens_seen", "deviations"),
    *("not_hidden", "hidden_wrongly", "hidden_without_record", "recorded_but_not_hidden"),
    *("hidden_twice", "left_open", "refused_by_the_chain"),
)


@dataclass(kw_only=True)
class Witness:
    """What is seen while the week runs: when a page was read to the end, how long hides took."""

    district: District
    read_at: dict[str, list[datetime]] = field(default_factory=lambda: defaultdict(list))
    failed_polls: Counter[str] = field(default_factory=Counter)  # by kind of error
    polls: int = 0
    took: dict[int, float] = field(default_factory=dict)  # by number of the effect, seconds
    _effects: int = 0

    def polled(self, page_id: str, result: PollResult, seconds: float) -> None:
        """After a poll that took so long."""
        self.polls += 1
        if result.error:
            self.failed_polls[result.error.partition(":")[0]] += 1
        elif not result.skipped:
            self.read_at[page_id.partition(":")[2]].append(self.district.clock.now())
        self.acted(seconds)

    def acted(self, seconds: float) -> None:
        """After hides that took so long."""
        for number in range(self._effects, len(self.district.world.effects)):
            self.took[number] = seconds
        self._effects = len(self.district.world.effects)

    def was_read(self, comment: SandboxComment) -> bool:
        """Did a poll that went well see the page while the comment stood there?"""
        gone = comment.deleted_at
        times = self.read_at[comment.page_id]
        return any(comment.created_at < at and (gone is None or at < gone) for at in times)


def account(district: District, witness: Witness) -> dict[str, Any]:
    """Everything that must be nought (NOUGHT), and the figures beside it."""
    world, stored = district.world, read_stored(district.database)
    comments = world.all_comments()
    hidden = {(c.platform, c.id) for c in comments if c.hidden}
    by_others = {one for one in hidden if one[1] in district.troubles.hidden_by_others}
    effects = Counter(e.comment_id for e in world.effects)
    states = stored.states()
    withheld = _withheld(district)
    return {
        "comments": len(comments),
        "versions": len(stored.versions),
        "hidden": len(hidden),
        "lost": sorted(lost(comments, stored, witness)),
        "judged_twice": sum(1 for n in stored.versions.values() if n > 1),
        "unjudged": sum(1 for n in stored.versions.values() if n < 1),
        "not_hidden": sorted(not_hidden(district, comments) - withheld),
        "withheld": len(not_hidden(district, comments) & withheld),
        "hidden_wrongly": sorted(hidden_wrongly(district, comments)),
        "hidden_without_record": sorted(hidden - stored.confirmed - by_others),
        "recorded_but_not_hidden": sorted(stored.confirmed - hidden),
        "hidden_twice": sum(1 for n in effects.values() if n > 1),
        "left_open": states["requested"] + states["failed"],
        "hides": dict(states),
        "early_calls": district.troubles.early,
        "tokens_seen": tokens_seen(district),
        "deviations": sorted({str(one) for one in world.deviations}),
        "refused_by_the_chain": _chain(district),
        "latency_seconds": latencies(district, witness),
    }


def lost(comments: Iterable[SandboxComment], stored: Stored, witness: Witness) -> set[str]:
    """Comments that the record should hold as they stand, or stood when they were last seen: what
    is still there with its present text, what is gone with any."""
    known = {(platform, comment_id) for platform, comment_id, _ in stored.versions}
    comments = list(comments)
    return {
        f"{c.platform} {c.id}"
        for c in comments
        if (
            (c.platform, c.id, _hash(c)) not in stored.versions
            if c.deleted_at is None
            else (c.platform, c.id) not in known and witness.was_read(c)
        )
        and not asked_for_later(c, comments, now=witness.district.clock.now())
    }


def asked_for_later(
    comment: SandboxComment, comments: Iterable[SandboxComment], *, now: datetime
) -> bool:
    """X: the account's own replies are read when a stranger's need them, hourly while new ones of
    strangers come, and at every sweep."""
    if comment.platform != "x" or not comment.by_page:
        return False
    due = comment.created_at + OWN_POSTS_EVERY
    strangers = (c for c in comments if c.page_id == comment.page_id and not c.by_page)
    swept = now - comment.created_at > timedelta(hours=Spending().sweep_hours)
    return not swept and not any(c.created_at >= due for c in strangers)


def not_hidden(district: District, comments: Iterable[SandboxComment]) -> set[tuple[str, str]]:
    """What the public sees though the policy hides its present text."""
    return {
        (c.platform, c.id)
        for c in comments
        if c.deleted_at is None
        and not c.by_page
        and not c.hidden
        and district.public.is_bad(c.text)
    }


def hidden_wrongly(district: District, comments: Iterable[SandboxComment]) -> set[tuple[str, str]]:
    """What is hidden though none of its texts ever was such that the policy hides it."""
    texts = district.public.texts
    return {
        (c.platform, c.id)
        for c in comments
        if c.hidden and (c.by_page or not any(map(district.public.is_bad, texts.get(c.id, ()))))
    }


def tokens_seen(district: District) -> list[str]:
    """Secrets in the log, in the database and in what it keeps of alerts, by place."""
    secrets = {CANARY, "ya29."}
    for token in district.world.tokens:
        secrets.add(base64.b64encode(token.encode()).decode()[:24])
    found = []
    for path in [*sorted(district.folder.glob("modbot.db*")), district.log]:
        content = path.read_bytes()
        found += [f"{path.name}: {s[:6]}..." for s in sorted(secrets) if s.encode() in content]
        found += [f"{path.name}: a proof" for _ in _proofs(district, content)]
    return found


def latencies(district: District, witness: Witness) -> dict[str, dict[str, float]]:
    """By platform, from a text's appearance to its hide: seconds at the half, p95 and worst."""
    times: dict[str, list[float]] = defaultdict(list)
    for number, effect in enumerate(district.world.effects):
        if effect.comment_id in district.troubles.hidden_by_others:
            continue
        comment = district.world.ever(effect.comment_id)
        since = comment.created_at
        if comment.edited_at is not None and comment.edited_at <= effect.at:
            since = comment.edited_at
        seconds = (effect.at - since).total_seconds() + witness.took.get(number, 0.0)
        times[effect.platform].append(seconds)
    return {
        platform: {
            "hides": len(found),
            "median": round(statistics.median(found), 1),
            "p95": round(_quantile(found, 0.95), 1),
            "worst": round(max(found), 1),
            "bar": BARS_SECONDS[platform],
        }
        for platform, found in sorted(times.items())
    }


def intervals(witness: Witness) -> dict[str, float]:
    """Seconds between two polls of a page that went well."""
    gaps = [
        (later - earlier).total_seconds()
        for times in witness.read_at.values()
        for earlier, later in pairwise(times)
    ]
    return {"median": round(statistics.median(gaps), 1), "worst": round(max(gaps), 1)}


def _quantile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least such a share does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(len(ordered) * share) - 1)]


def _proofs(district: District, content: bytes) -> list[bytes]:
    """Proofs of a token (HMAC-SHA256, hexadecimal) that stand in a file."""
    secret = district.world.app_secret.encode()
    known = {
        hmac.new(secret, token.encode(), hashlib.sha256).hexdigest().encode()
        for token in district.world.tokens
    }
    return [one for one in set(re.findall(rb"\b[0-9a-f]{64}\b", content)) if one in known]


def _withheld(district: District) -> set[tuple[str, str]]:
    """What waits for a person, with the reason on it."""
    with district.service.database.read() as s:
        return {(r[0], r[1]) for r in s.connection().execute(text(REVIEWS))}


def _chain(district: District) -> list[str]:
    return [str(one) for one in audit.verify(district.service.database).problems]


def _hash(comment: SandboxComment) -> str:
    return hashlib.sha256(comment.text.encode("utf-8", "surrogatepass")).hexdigest()
