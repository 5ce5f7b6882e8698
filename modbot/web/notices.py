"""What a page says after something was done: a fixed table, so that an address says nothing new."""

from __future__ import annotations


def N_(message: str) -> str:
    """Marks a text to be translated where it is shown."""
    return message


NOTICES: dict[str, str] = {
    "signed-in": N_("You are signed in."),
    "taken-back": N_("Taken back: this comment waits again, and what the platform shows is as before."),
    "signed-out": N_("You are signed out."),
}
