"""Is an offer that of an approved fundraiser, and does its money go where it was approved?"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from classifiers.fundraisers.accounts import Account, accounts_in
from classifiers.fundraisers.names import is_named, offers_goods_of, words
from classifiers.fundraisers.own_deals import gives_a_way_to_pay, trades
from classifiers.links import Link, link_of, links_in
from classifiers.normalise import fold
from classifiers.word_lists import STRONG, WEAK
from modbot.domain import Fundraiser

# Where the district itself sells. A parking lot, a porch and a corner are anybody's.
_AT_SCHOOL: Final = re.compile(
    r"\b(?:at|by|in|inside|outside|near|from|to|during|en|na|no)(?: \w+){0,3}? "
    r"(?:door|doors|gate|lobby|gym|cafeteria|concessions?|snack (?:shack|bar)|table|booth|homeroom"
    r"|lunch|main office|library"
    r"|field house|hallway|room [a-z]?\d+|puerta|porton|entrada|gimnasio|mesa|oficina|salon"
    r"|biblioteca|pasillo|porta|ginasio|mesinha|sala)\b"
)
# Who helps at an approved sale says "we" and "I", too, and names the school's own account.
_HELPS: Final = re.compile(
    r"\bwe(?:.?ll| will)? (?:deliver|bring (?:them|it|one)) to (?:your |the |every )?"
    r"(?:homerooms?|class(?:es|rooms?)?|rooms?)\b"
    r"|\b(?:i.?m|im|i am|we.?re|we are|i.?ll be|we.?ll be) (?:on (?:\w+ )?(?:duty|grill|griddle)"
    r"|(?:at|on|behind|running|working) the (?:\w+ )?(?:table|booth|griddle|grill|stand|door))\b"
    r"|\b(?:venmo|zelle|cash ?app|pay ?pal) (?:to |is )?(?:the )?"
    r"(?:school|boosters?|pto|class|club|team)(?:.?s)? (?:acct|account|venmo|treasurer)\b"
)


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What is wrong with an offer; offsets in the text as written."""

    rule: str  # "fundraisers:look_alike_link"
    score: float
    start: int
    end: int
    note: str


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A comment as far as fundraisers are concerned."""

    text: str  # as written
    folded: str
    post: str
    at: datetime
    offering: bool  # a sales rule matched, or it asks for money or orders
    things: frozenset[str]  # what sales rules are sure of, without prices
    resale: tuple[int, int] | None  # where it says that somebody's own tickets are for sale
    private: tuple[int, int] | None  # where it says "inbox me", "my Zelle"
    rival: bool  # somebody else's goods beside the approved ones


def judge_offer(offer: Offer, approved: tuple[Fundraiser, ...]) -> tuple[bool, list[Finding]]:
    """Whether it is cleared, and what is wrong with it. Not cleared and nothing wrong: no
    approved fundraiser is spoken of, so the other sales rules stand as they are."""
    running = [each for each in approved if each.runs_at(offer.at)]
    links = [link for link in links_in(offer.text) if link.host not in offer.post.lower()]
    findings = list(_imitations(links, running))
    said = words(offer.folded)
    named = [each for each in running if is_named(said, each.name)]
    if not named:
        return not findings and _only_goods(offer, running), findings
    findings += _elsewhere(offer, links, named)
    if findings or not offer.offering:
        return False, findings
    if offer.resale is not None:
        return True, [_told("resale", offer.resale, f"resale of {named[0].name}", WEAK)]
    if offer.private is not None:
        return False, [
            _told("private_contact", offer.private, _instead("a private contact", named))
        ]
    return not offer.rival, []


def _only_goods(offer: Offer, running: list[Fundraiser]) -> bool:
    """Is it an offer of these fundraisers' goods, and of nothing that sales rules know besides?"""
    if not offer.offering or offer.resale is not None or offer.rival:
        return False
    known = words(fold(offer.post).text).union(*(words(fold(each.name).text) for each in running))
    if not offer.things <= known:
        return False
    return only_offers_goods_of(running, offer.text, offer.folded, offer.post)


def only_offers_goods_of(running: Iterable[Fundraiser], text: str, folded: str, post: str) -> bool:
    """Are the goods those of one of these fundraisers, under a post about it, beside a word of its
    name or at a place in a school, and is nothing in the text somebody's own: no deal, no link, no
    account?"""
    folded = _HELPS.sub(" ", folded)
    said, about = words(folded), words(fold(post).text)
    at_school = _AT_SCHOOL.search(folded) is not None
    if not any(offers_goods_of(said, about, each.name, at_school=at_school) for each in running):
        return False
    return not trades(folded) and not gives_a_way_to_pay(text)


def _imitations(links: list[Link], running: list[Fundraiser]) -> Iterator[Finding]:
    """Links that look like an approved one; wrong whatever the rest of the comment says."""
    for link in links:
        real = [(each, site) for each in running for site in _sites(each)]
        if any(link.within(site) for _, site in real):
            continue
        for _, site in real:
            if link.imitates(site):
                note = f"link {link} is not the approved {site}"
                yield _told("look_alike_link", (link.start, link.end), note)
                break


def _elsewhere(offer: Offer, links: list[Link], named: list[Fundraiser]) -> Iterator[Finding]:
    """Links and accounts that are not those of a fundraiser that is spoken of."""
    sites = [site for each in named for site in _sites(each)]
    for link in links:
        if any(link.within(site) for site in sites) or any(map(link.imitates, sites)):
            continue
        span = (link.start, link.end)
        if link.shortened:
            note = _instead(f"link {link} hides where it leads; it", named, sites)
            yield _told("shortened_link", span, note)
        elif offer.offering:
            yield _told("other_link", span, _instead(f"link {link}", named, sites))
    if offer.resale is not None:
        return
    for account in accounts_in(offer.text):
        if not _is_approved(account, named) and (offer.offering or account.name[0] == "$"):
            known = [name for each in named for name in each.accounts]
            note = _instead(f"account {account.name}", named, known)
            yield _told("other_account", (account.start, account.end), note)


def _is_approved(account: Account, named: list[Fundraiser]) -> bool:
    for each in named:
        told = (*each.accounts, *(found.name for found in accounts_in(each.details)))
        if any(map(account.same_as, told)):
            return True
    return False


def _sites(fundraiser: Fundraiser) -> Iterator[Link]:
    for text in fundraiser.links:
        site = link_of(text)
        if site is not None:
            yield site
    if fundraiser.details:
        yield from links_in(fundraiser.details)


def _instead(
    what: str, named: list[Fundraiser], known: list[Link] | list[str] | None = None
) -> str:
    if known:
        return f"{what} is not the approved {' or '.join(map(str, known))}"
    return f"{what} is not approved for {named[0].name}"


def _told(rule: str, span: tuple[int, int], note: str, score: float = STRONG) -> Finding:
    return Finding(rule=f"fundraisers:{rule}", score=score, start=span[0], end=span[1], note=note)
