"""The account of a demo day: what the sandbox knows happened against what the record holds."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import Any

from sqlmodel import Session, select

from modbot import audit
from modbot.demo.stage import Stage
from modbot.domain import ActionKind, ActionState
from modbot.tables import ActionRow, CommentRow, DecisionRow, VersionRow


def account(stage: Stage, *, seconds: float) -> dict[str, Any]:
    """Counts of comments, versions, edits, deletions, decisions, hides, calls; what was lost or
    judged twice; whether the audit chain holds."""
    with stage.service.database.read() as s:
        found = _Found(s)
    expected = [e for e in stage.feed if e.kind in ("comment", "edit")]
    deletions = [e for e in stage.feed if e.kind == "delete"]
    stored = [e for e in expected if found.holds(_ids(stage, e.id), e.text)]
    noticed = [e for e in deletions if found.is_gone(_ids(stage, e.id))]
    as_new = [new for old, new in stage.world.edited_as_new.items() if found.is_gone((old,))]
    report = audit.verify(stage.service.database)
    return {
        "comments": sum(1 for e in stored if e.kind == "comment"),
        "versions": found.versions,
        "edits": sum(1 for e in stored if e.kind == "edit"),
        "edits_as_new": len(as_new),
        "deletions": len(noticed),
        "decisions": {
            "by_verdict": dict(found.by_verdict),
            "by_category": dict(found.by_category),
        },
        "hides": {
            "requested": found.hides_requested,
            "confirmed": len(found.hidden),
            "on_platform": len(stage.world.hidden_ids()),
        },
        "lost": len(expected) - len(stored) + len(deletions) - len(noticed),
        "judged_twice": found.judged_twice,
        "api_calls": dict(stage.world.calls),
        "requests": {
            "checked": stage.world.requests_checked,
            "deviations": sorted({str(one) for one in stage.world.deviations}),
        },
        "seconds": round(seconds, 3),
        "audit": {"ok": report.ok, "rows": report.rows},
    }


def is_sound(report: dict[str, Any]) -> bool:
    """Nothing lost, nothing judged twice, the platform and the log agree, the chain holds, and the
    vendors' APIs take every request."""
    hides = report["hides"]
    return bool(
        report["lost"] == 0
        and report["judged_twice"] == 0
        and hides["confirmed"] == hides["on_platform"]
        and report["audit"]["ok"]
        and not report["requests"]["deviations"]
    )


def _ids(stage: Stage, feed_id: str) -> tuple[str, ...]:
    return stage.world.ids.vendor_ids(feed_id)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class _Found:
    """What the record holds, by the vendor's ids."""

    def __init__(self, s: Session):
        comments = {row.id: row for row in s.exec(select(CommentRow))}
        decisions = list(s.exec(select(DecisionRow).where(DecisionRow.actor_kind == "bot")))
        judged = Counter(d.version_id for d in decisions)
        self._texts: set[tuple[str, str]] = set()
        self.versions = 0
        for version in s.exec(select(VersionRow)):
            self.versions += 1
            comment = comments[version.comment_row]
            if judged[version.id or 0]:
                self._texts.add((comment.comment_id, version.text_sha256))
        self._gone = {c.comment_id for c in comments.values() if c.gone_at is not None}
        self.judged_twice = sum(1 for n in judged.values() if n > 1)
        self.by_verdict = Counter(d.verdict for d in decisions)
        self.by_category = Counter(c for d in decisions for c in d.categories)
        hides = list(s.exec(select(ActionRow).where(ActionRow.kind == ActionKind.HIDE)))
        self.hides_requested = len(hides)
        self.hidden = {a.comment_row for a in hides if a.state == ActionState.CONFIRMED}

    def holds(self, ids: tuple[str, ...], text: str) -> bool:
        return any((i, _sha256(text)) in self._texts for i in ids)

    def is_gone(self, ids: tuple[str, ...]) -> bool:
        return bool(ids) and ids[-1] in self._gone
