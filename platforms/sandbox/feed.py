"""What happens in the fictional district, as a list of timed events."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any


@dataclass(frozen=True, kw_only=True)
class FeedEvent:
    """Something that appears, changes or goes away on a platform."""

    kind: str  # "page" | "post" | "comment" | "edit" | "delete"
    at: datetime
    id: str  # "pg01", "p01", "c001": the same through edits and deletion
    page: str
    platform: str
    post: str | None = None
    parent: str | None = None  # the comment this one replies to
    author_id: str = ""
    author_name: str = ""
    text: str = ""


def load_feed(path: Path | None = None) -> list[FeedEvent]:
    """The events of `path`, or of the school day that ships with the sandbox, in order of time."""
    source = path.read_text("utf-8") if path else _shipped_feed()
    events = [_event(json.loads(line)) for line in source.splitlines() if line.strip()]
    return sorted(events, key=lambda event: event.at)


def _shipped_feed() -> str:
    return files("platforms.sandbox").joinpath("feed.jsonl").read_text("utf-8")


def _event(row: Mapping[str, Any]) -> FeedEvent:
    author = row.get("author") or {}
    return FeedEvent(
        kind=row["kind"],
        at=datetime.fromisoformat(row["at"]).astimezone(UTC),
        id=row["id"],
        page=row["page"],
        platform=row["platform"],
        post=row.get("post"),
        parent=row.get("parent"),
        author_id=author.get("id", ""),
        author_name=author.get("name", ""),
        text=row.get("text") or "",
    )
