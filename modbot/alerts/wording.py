"""What each kind of alert is called, and what to do about it, in a language of the interface."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from modbot.i18n import Language, language

Translate = Callable[[str], str]


def kind_name(spoken: Language, kind: str) -> str:
    """ "Threat", "The token was refused"; an unknown kind as it is stored."""
    return _names(spoken.code).get(kind, kind.replace("_", " "))


def advice(spoken: Language, kind: str) -> str:
    """What to do, in a sentence; nothing for an unknown kind."""
    return _advice(spoken.code).get(kind, "")


@cache
def _names(code: str) -> dict[str, str]:
    _ = language(code).gettext
    return {**_categories(_), **_troubles(_)}


def _categories(_: Translate) -> dict[str, str]:
    return {
        "profanity": _("Profanity"),
        "offensive": _("Offensive"),
        "threat": _("Threat"),
        "crisis": _("Crisis"),
        "personal_issue": _("Personal issue"),
        "sales": _("Sales or promotion"),
        "privacy": _("Privacy"),
        "off_topic": _("Off topic"),
    }


def _troubles(_: Translate) -> dict[str, str]:
    return {
        "needs_login": _("The platform refuses the token"),
        "token_ends": _("The token ends soon"),
        "quota_spent": _("The platform's quota is spent"),
        "writes_blocked": _("The platform blocks what modbot writes"),
        "hide_quota": _("The page's hide quota is spent"),
        "poll_late": _("The page could not be read for some time"),
        "comments_missed": _("The platform counts comments that it does not show"),
        "action_failed": _("The platform refused to hide or restore a comment"),
        "job_failed": _("A part of the service fails"),
        "checkpoint_failed": _("A checkpoint of the record was not delivered"),
        "record_unsound": _("The record is not as it was written"),
        "classifier_failed": _("A classifier fails"),
        "brake": _("The brake was pulled"),
        "test": _("Test message"),
    }


@cache
def _advice(code: str) -> dict[str, str]:
    _ = language(code).gettext
    return {
        "threat": _("Look at it now: somebody may be in danger."),
        "crisis": _("Look at it now: somebody may be in danger."),
        "needs_login": _("Make a new token for the page; until then it is not read."),
        "token_ends": _("Make the next token before its last day, and name it under Pages."),
        "quota_spent": _("Top it up, or wait until the platform counts anew."),
        "writes_blocked": _("Hides wait. Look whether the platform sent the page a warning."),
        "hide_quota": _("Further hides wait for a person."),
        "poll_late": _("Look whether the platform or the network is down."),
        "comments_missed": _("Look at the post in the platform's own app."),
        "action_failed": _("Decide by hand, in the platform's own app."),
        "job_failed": _("The service's log names the place."),
        "checkpoint_failed": _("Look whether the place can be reached; it is tried again."),
        "record_unsound": _(
            "Run modbot verify; keep the file as it is and tell the administrators."
        ),
        "classifier_failed": _("Comments go to review; the service's log names the place."),
        "brake": _("A rule or a model hid too much of the page: its hides wait for a person."),
    }
