"""Where reading an X account stands, as text that the store keeps."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime

from platforms.x_answers import X_ID

SNOWFLAKE_EPOCH_MS = 1_288_834_974_657


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """Ids as X's decimal text, empty: none yet; times as ISO text."""

    start: str  # before which nothing is read
    newest: str = ""  # the newest mention read
    own: str = ""  # the newest own post read
    since: str = ""  # an unfinished listing goes on above this id ...
    until: str = ""  # ... and below this one
    swept: str = ""  # up to when searches were made, or stand in `searches`; empty: never
    tried: str = ""  # when a search was last tried
    searches: str = ""  # what of them is not read yet, as JSON
    roots: str = ""  # own posts of the last seven days that conversations hang on, by comma

    @classmethod
    def read(cls, cursor: str | None, *, start: datetime) -> Cursor:
        """The cursor that `text` wrote; a foreign or broken one starts anew at `start`."""
        anew = cls(start=start.isoformat(timespec="seconds"))
        try:
            values = json.loads(cursor or "")
            if values.pop("v") != 1 or not all(isinstance(v, str) for v in values.values()):
                return anew
            read = cls(**values)
            ids = (read.newest, read.own, read.since, read.until, *read.roots.split(","))
            times = [datetime.fromisoformat(t) for t in (read.start, read.swept, read.tried) if t]
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return anew
        sound = all(t.tzinfo for t in times) and all(not i or X_ID.fullmatch(i) for i in ids)
        return read if sound and read.start else anew

    @property
    def text(self) -> str:
        """What read() reads."""
        return json.dumps({"v": 1, **asdict(self)}, separators=(",", ":"))


def snowflake(moment: datetime) -> int:
    """The lowest id that X gives out at that moment (42 bits of milliseconds, 22 of the rest)."""
    return max(0, int(moment.timestamp() * 1000) - SNOWFLAKE_EPOCH_MS) << 22


def highest(ids: Iterable[str]) -> str:
    """The newest of some ids; empty for none."""
    return max(ids, key=lambda i: int(i or 0), default="")
