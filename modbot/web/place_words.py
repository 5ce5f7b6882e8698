"""The words of pages and fundraisers, in the reader's language."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from babel.dates import format_timedelta

from modbot.i18n import Language
from modbot.registry import Problem
from modbot.store import WAITING_COUNTED
from modbot.web.seen_words import seen_fields, seen_problems

Translate = Callable[[str], str]


class PlaceWords:
    """Sentences for one language. An unknown value is shown as it is stored."""

    def __init__(self, spoken: Language):
        _ = spoken.gettext
        self._code, self._spoken = spoken.code, spoken
        self._problems = _problems(_)
        self._fields = _fields(_)
        self._states = _states(_)
        self._advice = _advice(_)
        self._platforms = _platforms(_)
        self._modes = _modes(_)
        self._mode_meanings = _mode_meanings(_)
        self._outcomes = _outcomes(_)
        self._roles = _roles(_)
        self._stands = _stands(_)
        self._events = _events(_)

    def problem(self, problem: Problem) -> str:
        """What is wrong with a field."""
        text = self._problems.get(problem.why)
        return text % {"what": problem.what} if text else problem.says

    def field(self, name: str) -> str:
        """What a form calls a field."""
        return self._fields.get(name, name)

    def state(self, state: str) -> str:
        """How a page is."""
        return self._states.get(state, state)

    def advice(self, error: str) -> str:
        """What to do about an error by its name; empty where nothing is known."""
        return self._advice.get(error, "")

    def platform(self, platform: str) -> str:
        """What people call a platform."""
        return self._platforms.get(platform, platform)

    def mode(self, mode: str) -> str:
        return self._modes.get(mode, mode)

    def mode_meaning(self, mode: str) -> str:
        return self._mode_meanings.get(mode, "")

    def outcome(self, outcome: str) -> str:
        return self._outcomes.get(outcome, outcome)

    def role(self, role: str) -> str:
        """What somebody approves fundraisers as; a role typed at the server is shown as it is."""
        return self._roles.get(role, role)

    def stand(self, stand: str) -> str:
        """Where a fundraiser or a request stands."""
        return self._stands.get(stand, stand)

    def event(self, kind: str) -> str:
        """What an audit row says has happened."""
        return self._events.get(kind, kind)

    def changed(self, detail: str) -> str:
        """What an audit row of a page's mode adds to its event, and why; else nothing."""
        told = json.loads(detail) if detail.startswith("{") else {}
        before, after = told.get("before") or {}, told.get("after") or {}
        text = ""
        if isinstance(before, dict) and "mode" in before and "mode" in after:
            text = f": {self.mode(str(before['mode']))} → {self.mode(str(after['mode']))}"
        reason = told.get("reason")
        return f"{text} · {reason}" if isinstance(reason, str) else text

    def count(self, number: int) -> str:
        """How many comments wait; more than are counted one by one with a plus."""
        plus = "+" if number >= WAITING_COUNTED else ""
        return f"{self._spoken.number(number)}{plus}"

    def day_of(self, at: datetime, zone: ZoneInfo) -> str:
        """A day in `zone`."""
        return self._spoken.day(at, zone)

    def last_day_of(self, ends_at: datetime, zone: ZoneInfo) -> str:
        """The last day of what runs up to, but not at, a time; with its hour if it ends within."""
        local = ends_at.astimezone(zone)
        if (local.hour, local.minute) == (0, 0):
            return self._spoken.day(ends_at - timedelta(minutes=1), zone)
        return self._spoken.moment(ends_at, zone)

    def ago(self, seconds: float) -> str:
        """How long ago: 3 minutes ago."""
        past = -timedelta(seconds=max(1, round(seconds)))
        return format_timedelta(past, add_direction=True, threshold=1.1, locale=self._code)

    def span(self, seconds: float) -> str:
        """How long: 3 minutes."""
        return format_timedelta(
            timedelta(seconds=max(1, round(seconds))), threshold=1.1, locale=self._code
        )


def _problems(_: Translate) -> dict[str, str]:
    https = _("A web address begins with https://, such as https://blog.example.org.")
    return {
        "missing": _("Please fill this in."),
        "too_long": _("This is longer than %(what)s characters."),
        "not_owned": _(
            "Only pages that the district owns may be moderated; a personal page may not, whoever"
            " runs it."
        ),
        "no_id": _("An id has no spaces: only letters, digits and the signs . _ @ -"),
        "no_handle": _("A handle on X has 1 to 15 signs: letters from A to Z, digits and _"),
        "taken": _("This account is registered already."),
        "enterprise": _(
            "X asks government bodies for an Enterprise plan. Write down what X answered about this"
            " use, and who confirms it."
        ),
        "no_address": https,
        "not_https": https,
        "with_user": _("The address must not hold a user name or password."),
        "with_query": _("Leave out the part of the address from ? or # on."),
        "not_public": _(
            "Give an address on the internet that begins with https://. This one leads to a single"
            " machine or a network of its own."
        ),
        **_problems_of_accounts(_),
        **_problems_of_terms(_),
        **seen_problems(_),
        "unseen": _(
            "Leave out signs that cannot be seen, such as those that turn the direction of writing."
        ),
        "choose": _("Please choose one."),
        "days": _("Write how many days, from 1 to 365."),
    }


def _problems_of_accounts(_: Translate) -> dict[str, str]:
    return {
        "which": _("Say which account it is: its address, its handle or its id."),
        "no_reference": _(
            "Write where the token is, as env:NAME or file:PATH. If you pasted the token itself,"
            " treat it as seen and make a new one."
        ),
        "other_place": _("A token that is named here must be one of: %(what)s"),
        "used": _(
            "Another page has this token. A site or feed needs one of its own, as its token is sent"
            " to the address that was written."
        ),
    }


def _problems_of_terms(_: Translate) -> dict[str, str]:
    return {
        "over": _("This day has passed."),
        "before_start": _("The last day is before the first."),
        "no_date": _("Write the day as year-month-day, such as 2026-12-01."),
        "too_many": _("Give at most %(what)s."),
        "no_link": _("%(what)s is no link. Give one such as lhs-band.org/candy, one in each line."),
    }


def _fields(_: Translate) -> dict[str, str]:
    return {
        "platform": _("Platform"),
        "name": _("Name"),
        "address": _("Its web address"),
        "handle": _("Its handle"),
        "external_id": _("The account's id"),
        "government_use": _("X's answer"),
        "school": _("School or department"),
        "purpose": _("Purpose"),
        "manager": _("Who runs the page"),
        "administrator": _("Administrator in charge"),
        "contact": _("How to reach them"),
        "district_owned": _("Owned by the district"),
        "token_ref": _("Token"),
        "reason": _("Why"),
        "days": _("Days back"),
        **seen_fields(_),
        "beneficiary": _("Who benefits"),
        "starts": _("First day"),
        "ends": _("Last day"),
        "token_ends": _("Its last day"),
        "links": _("Links"),
        "accounts": _("Accounts"),
        "role": _("You approve it as"),
    }


def _states(_: Translate) -> dict[str, str]:
    return {
        "login": _("Needs a new token"),
        "blocked": _("Hides are held up"),
        "failing": _("Cannot be read"),
        "late": _("Read late"),
        "unread": _("Not read yet"),
        "ending": _("Token ends soon"),
        "budget": _("Calls run short"),
        "paused": _("Paused"),
        "fine": _("Fine"),
    }


def _advice(_: Translate) -> dict[str, str]:
    return {
        "AuthExpired": _(
            "The platform refuses the token. Make a new one and put it where the old one is; it is"
            " read again by itself."
        ),
        "MissingScope": _(
            "The token lacks a permission. Grant it at the platform, or make a token that has it."
        ),
        "RateLimited": _("The platform asks us to wait. Nothing to do: reading goes on by itself."),
        "QuotaSpent": _("Paid credits or a monthly cap are used up. Top up; reading goes on then."),
        "WritesBlocked": _(
            "The platform takes our hides for abuse and blocks them for hours. Find out why before"
            " you do anything else."
        ),
        "BadRequest": _("The platform says that our call is wrong. Please report it as a bug."),
        "BadAnswer": _("The platform's answer could not be read. If it stays so, report it."),
        "Unreachable": _(
            "The platform did not answer. It is tried again; check the server's way out if it stays"
            " so."
        ),
        "Unsupported": _("The platform has no such action: remove the comment by hand."),
        "CommentGone": _("The comment is no longer there. Nothing to do."),
    }


def _platforms(_: Translate) -> dict[str, str]:
    return {
        "facebook": "Facebook",
        "instagram": "Instagram",
        "x": "X",
        "youtube": "YouTube",
        "wordpress": "WordPress",
        "feed": _("Comment feed (RSS, Atom)"),
        "manual": _("Without an API, read by people"),
    }


def _modes(_: Translate) -> dict[str, str]:
    return {"observe": _("Observe"), "assist": _("Assist"), "enforce": _("Enforce")}


def _mode_meanings(_: Translate) -> dict[str, str]:
    return {
        "observe": _("modbot decides and writes it down. Nothing is hidden, nothing waits."),
        "assist": _("modbot proposes. Each hide waits for a person."),
        "enforce": _("modbot hides what the policy bans, within the page's quota."),
    }


def _outcomes(_: Translate) -> dict[str, str]:
    return {
        "hidden": _("hidden"),
        "over_quota": _("over the quota, to a person"),
        "review": _("to a person"),
    }


def _roles(_: Translate) -> dict[str, str]:
    return {
        "superintendent": _("Superintendent"),
        "school leader": _("School leader"),
        "designee": _("Designee"),
    }


def _stands(_: Translate) -> dict[str, str]:
    return {
        "waiting": _("Waits for approval"),
        "approved": _("Approved"),
        "refused": _("Refused"),
        "running": _("Running"),
        "coming": _("Coming"),
        "ended": _("Ended"),
    }


def _events(_: Translate) -> dict[str, str]:
    return {
        "page.added": _("Registered"),
        "page.mode": _("Mode changed"),
        "page.paused": _("Paused"),
        "page.resumed": _("Resumed"),
        "page.token_ref": _("Place of the token changed"),
        "page.write_tried": _("Right to hide tried"),
        "page.write_confirmed": _("Right to hide confirmed"),
        "page.write_refused": _("Right to hide refused"),
        "registration.requested": _("Registration asked for"),
        "registration.approved": _("Registration approved"),
        "registration.refused": _("Registration refused"),
        "fundraiser.added": _("Approved"),
        "fundraiser.ended": _("Ended early"),
        "fundraiser_request.requested": _("Asked for"),
        "fundraiser_request.approved": _("Request approved"),
        "fundraiser_request.refused": _("Request refused"),
    }
