"""Where reading a YouTube channel stands, as text that the store keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

VERSION = 1


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Times are ISO text; a page token is YouTube's and may stop to be valid."""

    floor: str  # threads from before it are known, but for those that `marks` tells of
    marks: Mapping[str, str] = field(default_factory=dict)  # newest threads, newest first
    held_marks: Mapping[str, str] = field(default_factory=dict)  # those that are not public
    held_at: str = ""  # when these were last asked for
    page: str = ""  # an unfinished listing goes on at this page token ...
    top: str = ""  # ... and `floor` is this once it is done
    read_anew: bool = False  # it was begun again, as its page token was no longer valid

    @classmethod
    def read(cls, text: str | None, *, start: datetime) -> Cursor:
        """The cursor that `text` wrote; a foreign or broken one starts anew at `start`."""
        anew = cls(floor=start.isoformat(timespec="seconds"))
        try:
            values: dict[str, Any] = json.loads(text or "")
            if values.pop("v") != VERSION:
                return anew
            for counted_elsewhere in ("day", "spent"):  # the budget's, in cursors of before
                values.pop(counted_elsewhere, None)
            read = cls(**values)
            for moment in filter(None, (read.floor, read.held_at, read.top)):
                if datetime.fromisoformat(moment).tzinfo is None:
                    return anew
            marks = [*read.marks.items(), *read.held_marks.items()]
            sound = isinstance(read.read_anew, bool) and all(
                isinstance(part, str) for pair in marks for part in pair
            )
            return read if sound and read.floor else anew
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return anew

    @property
    def text(self) -> str:
        """What read() reads."""
        return json.dumps({"v": VERSION, **self.__dict__}, separators=(",", ":"))

    def since(self) -> datetime:
        """`floor` as a time."""
        return datetime.fromisoformat(self.floor)
