"""The clauses of the shipped policy.toml, to be read in every language of the pages."""

from __future__ import annotations

from collections.abc import Mapping

from modbot.i18n import Language


def clauses(language: Language) -> Mapping[str, str]:
    """Names and texts of the shipped clauses, by what policy.toml says."""

    def _(text: str) -> tuple[str, str]:
        return text, language.gettext(text)

    return dict(
        (
            _("section 1, profanity"),
            _("Swear words and obscene remarks are taken down."),
            _("section 1, offensive comments"),
            _(
                "Comments that attack a member of the school community, or a group of people "
                "for who they are, are not accepted."
            ),
            _("section 1, offensive comments; safety of the community"),
            _("Words that announce or wish violence to someone, or to a school, are not accepted."),
            _("safety of minors"),
            _(
                "When someone may hurt themselves, or a child may be in danger, a person must "
                "know at once."
            ),
            _("section 1, personal issues"),
            _(
                "A comment about someone's own case with the district, a school or a member of "
                "staff may be taken down."
            ),
            _("section 1, sales and promotions"),
            _(
                "Only approved fundraisers of the district may be promoted; no other sales, "
                "services or offers."
            ),
            _("student confidentiality"),
            _("Private facts about a child or about another person do not belong in public."),
            _("section 1, on topic"),
            _("Comments should be about the news and stories that the page shares."),
        )
    )
