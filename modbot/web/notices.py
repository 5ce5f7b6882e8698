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
    "taken-back": N_(
        "Taken back: this comment waits again, and what the platform shows is as before."
    ),
    "signed-out": N_("You are signed out."),
    "page-asked": N_("Your request is with LPS Media. This screen shows what becomes of it."),
    "page-approved": N_("The page is registered. It only observes until its mode is changed."),
    "page-refused": N_("The request is refused. Whoever asked can read why."),
    "mode-changed": N_("The mode is changed. It holds from the next reading on."),
    "page-paused": N_("The page is paused. Nothing is read or hidden there."),
    "page-resumed": N_("The page is read again."),
    "past-asked": N_(
        "Older comments are read after each reading of the page. This screen shows how far."
    ),
    "past-stopped": N_("No further old comments are read. What was read is kept."),
    "removed-by-hand": N_("It is on record that you removed it."),
    "stays-by-hand": N_("It is on record that it may stay."),
    "removed-before": N_("Nothing was done: somebody decided on this comment before."),
    "token-changed": N_("The token is read from its new place."),
    "fundraiser-asked": N_("Your request waits for approval. This screen shows what comes of it."),
    "fundraiser-approved": N_("The fundraiser is approved."),
    "fundraiser-refused": N_("The fundraiser is refused. Whoever asked can read why."),
    "fundraiser-ended": N_("The fundraiser has ended."),
    "left-up": N_("These comments stay up. Hidden ones come back."),
    "none-left": N_("There was nothing left to decide: somebody did, or it no longer applies."),
    "welcome": N_("Welcome. You are signed in."),
    "uninvited": N_("The invitation is withdrawn."),
    "changed": N_("Changed. The person is signed out and signs in anew."),
    "unchanged": N_("Nothing had to be changed."),
    "disabled": N_("The account is disabled, and signed out everywhere."),
    "enabled": N_("The account works again."),
    "sessions-ended": N_("Signed out there."),
    "saved": N_("Saved."),
    "password": N_("The new password counts. You are signed out everywhere else."),
    "undo-started": N_("The run has begun. It goes on by itself; you may close this page."),
    "undo-paused": N_("The run is paused. What was asked of a platform already goes its way."),
    "undo-resumed": N_("The run goes on."),
    "undo-stopped": N_("The run is stopped. What it has taken back stays taken back."),
    "undo-too-late": N_("The run is no longer in a state in which that can be done."),
    "undone": N_("Taken back. If the comment was hidden, the platform is asked to show it."),
    "undone-review": N_("Taken back. The comment waits for a person."),
    "undo-held": N_("Nothing was done: somebody else looks at this comment right now."),
    "undo-reason": N_("Nothing was done: the policy asks for a reason here."),
    "undo-newer": N_("Nothing was done: this is no longer the newest word on the comment."),
    "undo-nothing": N_("Nothing was done: there is nothing to take back here."),
}
