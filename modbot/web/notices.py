"""What a page says after something was done: a fixed table, so that an address says nothing new."""

from __future__ import annotations


def N_(message: str) -> str:
    """Marks a text to be translated where it is shown."""
    return message


NOTICES: dict[str, str] = {
    "signed-in": N_("You are signed in."),
    "taken-back": N_(
        "Taken back: this comment waits again, and what the platform shows is as before."
    ),
    "signed-out": N_("You are signed out."),
    "welcome": N_("Welcome. You are signed in."),
    "uninvited": N_("The invitation is withdrawn."),
    "changed": N_("Changed. The person is signed out and signs in anew."),
    "unchanged": N_("Nothing had to be changed."),
    "disabled": N_("The account is disabled, and signed out everywhere."),
    "enabled": N_("The account works again."),
    "sessions-ended": N_("Signed out there."),
    "saved": N_("Saved."),
    "password": N_("The new password counts. You are signed out everywhere else."),
}
