"""What would have changed a verdict, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

from modbot.counterfactual import Change, Kind, Relation

Translate = Callable[[str], str]


class ChangeWording:
    """Sentences for one language; rule ids and keys of policy.toml stay as they are written."""

    def __init__(self, gettext: Translate, number: Callable[[float], str]):
        _ = gettext
        self._number = number
        self._conditions = {
            Kind.RULE: _("Without %(subject)s"),
            Kind.CATEGORY: _("With nothing found in %(subject)s"),
            Kind.SWITCH: _("With %(subject)s = %(value)s"),
        }
        self._thresholds = {
            Relation.ABOVE: _("With %(subject)s above %(limit)s"),
            Relation.AT_LEAST: _("With %(subject)s at %(limit)s or more"),
            Relation.AT_MOST: _("With %(subject)s at %(limit)s or less"),
            Relation.BELOW: _("With %(subject)s below %(limit)s"),
        }
        self._aspects = {
            (Kind.ASPECT, "quoted"): _("If the words found in %(subject)s were quoted"),
            (Kind.NOT_ASPECT, "quoted"): _("If the words found in %(subject)s were not quoted"),
            (Kind.ASPECT, "official"): _(
                "If what was found in %(subject)s were about an official or the running of schools"
            ),
            (Kind.NOT_ASPECT, "official"): _(
                "If what was found in %(subject)s were not about an official or the running of "
                "schools"
            ),
        }
        self._hidden, self._left_up = _("hidden"), _("left up")

    def condition(self, change: Change) -> str:
        """The change itself; what was broken or withheld is told by _why.html."""
        known = (
            self._conditions.get(change.kind)
            or self._aspects.get((change.kind, change.value))
            or self._thresholds[change.relation or Relation.ABOVE]
        )
        limit = "" if change.limit is None else self._number(change.limit)
        return known % {"subject": change.subject, "value": change.value, "limit": limit}

    def seen(self, change: Change) -> str:
        """Whether the comment would be hidden."""
        return self._hidden if change.hide else self._left_up
