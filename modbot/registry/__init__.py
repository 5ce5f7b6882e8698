"""The registry: which pages are moderated and how far, and which fundraisers are approved.

Every change names a person and leaves an audit row that vouches for the changed row.
"""

from modbot.registry.fundraisers import (
    ApprovedFundraiser,
    add_fundraiser,
    end_fundraiser,
    list_fundraisers,
)
from modbot.registry.pages import (
    NOT_THE_DISTRICTS,
    WITHOUT_TOKEN,
    NewPage,
    RegisteredPage,
    add_page,
    list_pages,
    pause,
    resume,
    set_mode,
    set_token_ref,
)

__all__ = [
    "NOT_THE_DISTRICTS",
    "WITHOUT_TOKEN",
    "ApprovedFundraiser",
    "NewPage",
    "RegisteredPage",
    "add_fundraiser",
    "add_page",
    "end_fundraiser",
    "list_fundraisers",
    "list_pages",
    "pause",
    "resume",
    "set_mode",
    "set_token_ref",
]
