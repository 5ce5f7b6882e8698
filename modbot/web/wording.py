"""The words for the values that modbot speaks in, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

from modbot.brake import MARK
from modbot.enforcement import CANNOT_HIDE, EDITED_AFTER_HIDE, QUOTA_SPENT
from modbot.i18n import Language
from modbot.web.clauses import clauses
from modbot.web.usual_reasons import usual_reasons

Translate = Callable[[str], str]

_PLATFORMS = {
    "facebook": "Facebook",
    "instagram": "Instagram",
    "x": "X",
    "youtube": "YouTube",
    "wordpress": "WordPress",
}


class Wording:
    """Names and sentences for one language. An unknown value is shown as it is stored."""

    def __init__(self, language: Language):
        _ = language.gettext
        self._verdicts = _verdicts(_)
        self._verdict_meanings = _verdict_meanings(_)
        self._categories = _categories(_)
        self._labels = _labels(_)
        self._modes = _modes(_)
        self._aspects = _aspects(_)
        self._degraded = _degraded(_)
        self._actions = _actions(_)
        self._clauses = clauses(language)
        self._spoken = _spoken(_)
        self._actors = {"bot": "modbot", "person": _("Any person")}
        self._roles = _roles(_)
        self._reasons = usual_reasons(language)
        self._braked = {"rule": _("the rule %(name)s"), "model": _("the model %(name)s")}
        self._classifier_failed = _("The classifier %(name)s failed, so a person decides.")

    def verdict(self, verdict: str) -> str:
        return self._verdicts.get(verdict, verdict)

    def verdict_meaning(self, verdict: str) -> str:
        return self._verdict_meanings.get(verdict, "")

    def category(self, category: str) -> str:
        return self._categories.get(category, category)

    def label(self, label: str) -> str:
        """What a model's label says of a comment: "an insult"; a category has its own name."""
        return self._labels.get(label, self.category(label))

    def mode(self, mode: str) -> str:
        return self._modes.get(mode, mode)

    def aspect(self, aspect: str) -> str:
        """A sentence, or nothing where the aspect changes nothing."""
        return self._aspects.get(aspect, "")

    def braked_there(self, what: str) -> str:
        """Of what kept the bot from hiding: what the brake is pulled on, if it was the brake."""
        return what.removeprefix(MARK) if what.startswith(MARK) else ""

    def degraded(self, what: str) -> str:
        name, _space, state = what.rpartition(" ")
        if what not in self._degraded and state == "failed" and name:
            return self._classifier_failed % {"name": name}
        return self._degraded.get(what, what)

    def braked(self, key: str) -> str:
        """What a brake is pulled on: a rule, or a model with its version."""
        kind, _space, name = key.partition(" ")
        known = self._braked.get(kind) if name else None
        return known % {"name": name} if known else key

    def braked_rule(self, key: str) -> str:
        """The rule that a brake is pulled on; nothing for a model."""
        kind, _space, name = key.partition(" ")
        return name if kind == "rule" else ""

    def clause(self, text: str) -> str:
        """A clause's name or text; the district's own words stay as they are in policy.toml."""
        return self._clauses.get(text, text)

    def reason(self, text: str) -> str:
        """A usual reason, also before a note of somebody's own, which stays as it is; so do the
        district's reasons in policy.toml."""
        usual, found = text, ":"
        while usual not in self._reasons and found:
            usual, found, _note = usual.rpartition(": ")
        return self._reasons[usual] + text[len(usual) :] if found else text

    def action(self, kind: str, state: str) -> str:
        return self._actions.get((kind, state), f"{kind}: {state}")

    def spoken(self, code: str) -> str:
        """The language that a comment is in."""
        return self._spoken.get(code, code)

    def actor(self, actor: str) -> str:
        """Who decided, as the log's filter names them: `bot`, `person`, `person:NAME`."""
        return self._actors.get(actor) or actor.removeprefix("person:")

    def role(self, role: str) -> str:
        return self._roles.get(role, ("", ""))[0] or role

    def role_meaning(self, role: str) -> str:
        return self._roles.get(role, ("", ""))[1]

    def platform(self, platform: str) -> str:
        return _PLATFORMS.get(platform, platform)


def _roles(_: Translate) -> dict[str, tuple[str, str]]:
    return {
        "viewer": (_("Viewer"), _("Reads, and may register a page or ask for a fundraiser.")),
        "manager": (_("Manager"), _("Decides on comments, and undoes decisions.")),
        "admin": (_("Administrator"), _("Does everything, and says who may do what.")),
        "auditor": (_("Auditor"), _("Reads and exports everything, and changes nothing.")),
    }


def _verdicts(_: Translate) -> dict[str, str]:
    return {
        "allow": _("Allow"),
        "review": _("Review"),
        "hide": _("Hide"),
        "escalate": _("Escalate"),
    }


def _spoken(_: Translate) -> dict[str, str]:
    return {
        "en": _("English"),
        "es": _("Spanish"),
        "pt": _("Portuguese"),
        "unknown": _("Not recognised"),
    }


def _verdict_meanings(_: Translate) -> dict[str, str]:
    return {
        "allow": _("No breach of the policy was found."),
        "review": _("A person should look."),
        "hide": _("It breaks the policy and should be out of sight."),
        "escalate": _("A person must look at it before all else."),
    }


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


def _labels(_: Translate) -> dict[str, str]:
    return {
        "toxicity": _("toxic"),
        "obscene": _("obscene"),
        "sexual": _("sexual"),
        "threat": _("a threat"),
        "insult": _("an insult"),
        "identity_attack": _("an attack on a group"),
    }


def _modes(_: Translate) -> dict[str, str]:
    return {
        "observe": _(
            "The page was in observe mode: modbot decided and did nothing on the platform."
        ),
        "assist": _("The page was in assist mode: a hide waits for a person."),
        "enforce": _("The page was in enforce mode: modbot may hide comments there."),
    }


def _aspects(_: Translate) -> dict[str, str]:
    return {
        "official": _("It is about an official or the running of the schools."),
        "at_official": _("It may be aimed at an official."),
        "private": _("It is about a private case."),
        "quoted": _("The words are quoted, not said."),
        "short": _("So few words are not hidden on a score alone."),
    }


def _degraded(_: Translate) -> dict[str, str]:
    return {
        QUOTA_SPENT: _("The page's hide quota was spent, so a person decides."),
        CANNOT_HIDE: _("The platform cannot hide this comment, so a person decides."),
        EDITED_AFTER_HIDE: _("It was edited after it had been hidden, so a person decides."),
        "hide failed": _("The platform refused to hide it, so a person decides."),
        "restore failed": _("The platform refused to restore it, so a person decides."),
        "delete failed": _("The platform refused to delete it, so a person decides."),
    }


def _actions(_: Translate) -> dict[tuple[str, str], str]:
    return {
        ("hide", "requested"): _("Hiding is under way"),
        ("hide", "confirmed"): _("Hidden on the platform"),
        ("hide", "gone"): _("Gone before it could be hidden"),
        ("hide", "superseded"): _("Not hidden: edited or decided anew"),
        ("hide", "failed"): _("The platform refused to hide it"),
        ("restore", "requested"): _("Restoring is under way"),
        ("restore", "confirmed"): _("Visible again on the platform"),
        ("restore", "gone"): _("Gone before it could be restored"),
        ("restore", "superseded"): _("Not restored: edited or decided anew"),
        ("restore", "failed"): _("The platform refused to restore it"),
        ("delete", "requested"): _("Deleting is under way"),
        ("delete", "confirmed"): _("Deleted on the platform"),
        ("delete", "gone"): _("Gone before it could be deleted"),
        ("delete", "superseded"): _("Not deleted: edited or decided anew"),
        ("delete", "failed"): _("The platform refused to delete it"),
    }
