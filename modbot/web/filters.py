"""What a reader of the log asked for, as the address says it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from modbot.domain import Category, Verdict

_HIGHEST_ID = 2**63 - 1


class BadAddress(ValueError):
    """The address asks for something that cannot be."""


@dataclass(frozen=True, kw_only=True)
class Filters:
    """A choice of decisions and a place in it; empty means all, from the newest."""

    page: str = ""
    category: str = ""
    verdict: str = ""
    before: int | None = None  # only decisions older than this one
    after: int | None = None  # only decisions newer than this one

    @property
    def chosen(self) -> bool:
        """Whether anything is left out."""
        return bool(self.page or self.category or self.verdict)

    def choice(self, **changes: str | int) -> dict[str, str]:
        """The query of the choice with `changes`, without the place."""
        values = {"page": self.page, "category": self.category, "verdict": self.verdict, **changes}
        return {name: str(value) for name, value in values.items() if value != ""}

    def query(self, **changes: str | int) -> str:
        """choice() as it stands in an address, question mark included."""
        choice = self.choice(**changes)
        return f"?{urlencode(choice)}" if choice else ""

    def address(self, **changes: str | int) -> str:
        return f"/{self.query(**changes)}"

    def here(self) -> dict[str, str]:
        """The whole query of this page."""
        place = {"before": self.before, "after": self.after}
        return self.choice(**{name: at for name, at in place.items() if at is not None})


def read_filters(params: Mapping[str, str], page_ids: Collection[str]) -> Filters:
    """The filters in a query. Raises BadAddress; parameters that we do not know are ignored."""
    before, after = _place(params, "before"), _place(params, "after")
    if before is not None and after is not None:
        raise BadAddress("before and after")
    return Filters(
        page=_one_of(params, "page", page_ids),
        category=_one_of(params, "category", list(Category)),
        verdict=_one_of(params, "verdict", list(Verdict)),
        before=before,
        after=after,
    )


def _one_of(params: Mapping[str, str], name: str, known: Collection[str]) -> str:
    value = params.get(name, "")
    if value and value not in known:
        raise BadAddress(name)
    return value


def _place(params: Mapping[str, str], name: str) -> int | None:
    value = params.get(name, "")
    return read_id(value) if value else None


def read_id(value: str) -> int:
    """A row's number. Raises BadAddress for all but 1 to 2^63-1 in plain digits."""
    if not (value.isascii() and value.isdigit() and len(value) <= 19 and int(value) > 0):
        raise BadAddress("number")
    if int(value) > _HIGHEST_ID:
        raise BadAddress("number")
    return int(value)
