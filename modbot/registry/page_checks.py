"""What a page must have to be registered."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from modbot.registry.addresses import address_problems
from modbot.registry.problems import TEXT_CAP, Problem, text_problems

WITHOUT_TOKEN = ("feed", "manual")  # platforms that have nothing to sign in to
NOT_THE_DISTRICTS = (
    "only pages that the district owns may be moderated; a personal page may not, whoever runs it"
)
_ENTERPRISE = (
    "X asks government bodies for an Enterprise plan: write down what X answered about"
    " this use, and who confirms it (government use)"
)
_NEEDS_ADDRESS = {
    "wordpress": "a WordPress page needs the address of its site",
    "feed": "a feed needs its address, such as https://blog.example/comments/feed/",
}
READ_BY_ADDRESS = tuple(_NEEDS_ADDRESS)
# X's rules for usernames; any other makes X refuse every search that names it
_X_HANDLE = re.compile(r"@?[0-9A-Za-z_]{1,15}")


@dataclass(frozen=True, kw_only=True)
class NewPage:
    """What a person says when registering a page."""

    platform: str
    external_id: str  # the account's id at the vendor; for WordPress the site's name
    name: str
    token_ref: str  # "env:NAME" or "file:PATH"; empty where there is no token
    district_owned: bool
    handle: str = ""
    base_url: str = ""
    government_use: str = ""  # X: what the vendor answered, and who confirms it
    school: str = ""
    purpose: str = ""
    manager: str = ""
    administrator: str = ""
    contact: str = ""


def token_is_needed(platform: str) -> bool:
    """Does the platform want a token?"""
    return platform not in WITHOUT_TOKEN


def page_problems(new: NewPage, platforms: Collection[str]) -> Iterator[Problem]:
    """All that stands against registering a page; its token reference is not looked at."""
    yield from platform_problems(new.platform, platforms, owned=new.district_owned)
    yield from text_problems("name", "the page's name", new.name)
    yield from id_problems(new.external_id)
    yield from handle_problems(new.platform, new.handle)
    yield from use_problems(new.platform, new.government_use)
    yield from read_address_problems(new.platform, "base_url", new.base_url)
    if new.base_url:
        yield from address_problems("base_url", new.base_url, may_ask=new.platform == "feed")


def platform_problems(
    platform: str, platforms: Collection[str], *, owned: bool
) -> Iterator[Problem]:
    """A platform that modbot does not know; a page that is not the district's."""
    if platform not in platforms:
        says = f"unknown platform; one of {', '.join(sorted(platforms))}"
        yield Problem(field="platform", why="missing", says=says)
    if not owned:
        yield Problem(field="district_owned", why="not_owned", says=NOT_THE_DISTRICTS)


def id_problems(external_id: str) -> Iterator[Problem]:
    """An account's id that is missing, too long or no single word."""
    faults = list(text_problems("external_id", "the account's id", external_id))
    yield from faults
    if not faults and (not external_id.isprintable() or any(c.isspace() for c in external_id)):
        says = "the account's id holds spaces or control characters"
        yield Problem(field="external_id", why="no_id", says=says)


def handle_problems(platform: str, handle: str) -> Iterator[Problem]:
    """A handle that no account on X can have: replies could not be searched for by it."""
    if platform == "x" and handle and not _X_HANDLE.fullmatch(handle):
        says = "a handle on X has 1 to 15 letters A to Z, digits and _, such as @LawrenceSchools"
        yield Problem(field="handle", why="no_handle", says=says)


def use_problems(platform: str, government_use: str) -> Iterator[Problem]:
    """X's pay-per-use agreement sends users acting for a government body to its Enterprise plan."""
    if platform == "x" and not government_use.strip():
        yield Problem(field="government_use", why="enterprise", says=_ENTERPRISE)
    yield from text_problems(
        "government_use", "the vendor's answer", government_use, TEXT_CAP, needed=False
    )


def read_address_problems(platform: str, field: str, address: str) -> Iterator[Problem]:
    """Platforms whose comments are read from an address that a person gives."""
    if platform in READ_BY_ADDRESS and not address:
        yield Problem(field=field, why="missing", says=_NEEDS_ADDRESS[platform])
