"""The usual reasons of the shipped policy.toml, and those that modbot writes for a person, to be
read in every language of the pages."""

from __future__ import annotations

from collections.abc import Mapping

from modbot.i18n import Language


def usual_reasons(language: Language) -> Mapping[str, str]:
    """The shipped reasons, by what policy.toml says."""

    def _(text: str) -> tuple[str, str]:
        return text, language.gettext(text)

    return dict(
        (
            _("Criticism or opinion: it stays up"),
            _("The words are quoted, not said"),
            _("A false alarm"),
            _("An approved fundraiser"),
            _("An exaggeration, not a threat"),
            _("Somebody is already looking after this"),
            _("Swear words or obscene remarks"),
            _("Attacks a person or a group"),
            _("Private facts about a child or another person"),
            _("A personal case: it belongs with the school office"),
            _("Sales or promotion that is not approved"),
            _("Not about what the page shares"),
            _("A child may be in danger"),
            _("A threat that others have to judge"),
            _("A question for counsel"),
            _("The district should answer"),
            _("Taken back."),
            _("Removed in the app."),
        )
    )
