"""What a page says after something was done: a fixed table, so that an address says nothing new."""

from __future__ import annotations


def N_(message: str) -> str:
    """Marks a text to be translated where it is shown."""
    return message


NOTICES: dict[str, str] = {
    "acknowledged": N_("Acknowledged. Nobody else is told of it."),
    "acknowledged-before": N_("It was acknowledged before, or is over."),
    "reason-missing": N_("Say why, then release it."),
    "released": N_("The brake is released. It is counted anew from now on."),
    "released-before": N_("It was released before."),
    "signed-in": N_("You are signed in."),
    "signed-out": N_("You are signed out."),
}
