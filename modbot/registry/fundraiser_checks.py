"""What a fundraiser must have to be approved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from modbot.registry.problems import Problem, text_problems
from modbot.stored_text import shown

TERMS_CAP = 20  # links, and accounts


def terms(given: Iterable[str]) -> list[str]:
    """Links or accounts as they are stored: trimmed, each once, in the order given."""
    return list(dict.fromkeys(shown(each.strip()) for each in given))


def fundraiser_problems(
    name: str,
    links: Sequence[str],
    accounts: Sequence[str],
    starts_at: datetime | None,
    ends_at: datetime | None,
    now: datetime,
) -> Iterator[Problem]:
    """All that stands against approving a sale with these terms(); field by field."""
    yield from text_problems("name", "the fundraiser's name", name)
    yield from _date_problems(starts_at, ends_at, now)
    for field, what, given in (("links", "link", links), ("accounts", "account", accounts)):
        if len(given) > TERMS_CAP:
            says = f"more than {TERMS_CAP} {what}s"
            yield Problem(field=field, why="too_many", says=says, what=str(TERMS_CAP))
        for each in given:
            yield from text_problems(field, f"the {what}", each)
    yield from _link_problems(links)


def _date_problems(
    starts_at: datetime | None, ends_at: datetime | None, now: datetime
) -> Iterator[Problem]:
    if ends_at is not None and ends_at <= now:
        yield Problem(field="ends", why="over", says="the fundraiser's end has passed")
    if ends_at is not None and starts_at is not None and ends_at <= starts_at:
        says = "the fundraiser would end before it starts"
        yield Problem(field="ends", why="before_start", says=says)


def _link_problems(links: Sequence[str]) -> Iterator[Problem]:
    for link in links:
        scheme = link.partition("://")[0].lower() if "://" in link else "https"
        if (
            "." not in link
            or scheme not in ("http", "https")
            or any(sign.isspace() for sign in link)
        ):
            says = f"{link!r} is no link: give one such as lhs-band.org/candy"
            yield Problem(field="links", why="no_link", says=says, what=link)
