"""Why an account may not be made or changed like this, in words for the pages."""

from __future__ import annotations

from modbot.errors import PersonRefused
from modbot.web.notices import N_

_WORDS = {
    "short": N_("A password needs at least 12 characters; 15 or more are better."),
    "long": N_("A password has at most 256 characters."),
    "common": N_(
        "That password is among the first that somebody would guess. Four words that do not"
        " belong together make a good one."
    ),
    "tells_who": N_("A password must not be made of your name or address."),
    "different": N_("The two passwords are not the same."),
    "old_password": N_("The present password is not right."),
    "no_password": N_("This account signs in with a provider; it has no password here."),
    "name": N_("A name has 1 to 80 letters."),
    "email": N_("That is not an e-mail address."),
    "known": N_("Somebody with this address is here already."),
    "link": N_("This link was used or has ended. Ask an administrator for a new one."),
    "last_admin": N_("This is the last administrator. Make somebody else one first."),
    "preference": N_("There is no such language or theme."),
}


def refusal_text(error: PersonRefused) -> str:
    """The sentence for a refusal, to be translated; an unknown one as it is."""
    return _WORDS.get(error.code, str(error))
