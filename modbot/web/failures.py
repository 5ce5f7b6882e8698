"""Pages that say what went wrong without showing the insides."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from modbot.i18n import Language
from modbot.web.rendering import Pages


def failure(pages: Pages, request: Request, status: int, *, incident: str = "") -> Response:
    """The error page for a status, in the reader's language."""
    return pages.answer(
        request, "error.html", status=status, code=status, incident=incident, explain=explain
    )


def explain(language: Language, status: int) -> tuple[str, str]:
    """Headline and advice for a status."""
    _ = language.gettext
    known = {
        400: (
            _("This address does not work"),
            _("It asks for a page, category or place in the log that does not exist."),
        ),
        403: (
            _("This is not for your account"),
            _(
                "Your role does not reach so far, or the page was open for too long. Go back, load"
                " it again, or ask an administrator."
            ),
        ),
        404: (_("Nothing found here"), _("The address may be wrong or incomplete.")),
        405: (_("That cannot be done here"), _("This address does not take that kind of request.")),
        413: (
            _("That is too much at once"),
            _("A form holds at most a million bytes, and a list of comments four million."),
        ),
        429: (
            _("Too many people sign in at this moment"),
            _("Please try again in a few seconds."),
        ),
        503: (
            _("The database does not answer right now"),
            _("Please try again in a minute. No comment is lost: the pages are read again later."),
        ),
    }
    return known.get(
        status,
        (_("Something went wrong"), _("The incident is in the service's log under its number.")),
    )
