"""The registry: which pages are moderated and how far, and which fundraisers are approved.

Every change names a person and leaves an audit row that vouches for the changed row.
"""

from modbot.registry.fundraiser_requests import (
    ApproverRole,
    FundraiserWish,
    approve_fundraiser,
    ask_fundraiser,
    request_of,
    wish_problems,
)
from modbot.registry.fundraisers import (
    ApprovedFundraiser,
    add_fundraiser,
    end_fundraiser,
    fundraiser,
    fundraisers_of,
    list_fundraisers,
)
from modbot.registry.page_checks import (
    NOT_THE_DISTRICTS,
    READ_BY_ADDRESS,
    WITHOUT_TOKEN,
    NewPage,
    token_is_needed,
)
from modbot.registry.pages import (
    PageFacts,
    RegisteredPage,
    add_page,
    list_pages,
    pause,
    registered,
    resume,
    set_mode,
)
from modbot.registry.problems import Problem
from modbot.registry.registrations import (
    Approval,
    Registration,
    approval_problems,
    approve_registration,
    ask_registration,
    registration_of,
    registration_problems,
    token_problems,
)
from modbot.registry.requests import (
    Approver,
    Asker,
    RequestState,
    reason_problems,
    refuse_request,
    request,
    requests,
)
from modbot.registry.token_days import SOON_DAYS, days_left, ends_soon, set_token_ref
from modbot.registry.token_places import TokenPlaces

__all__ = [
    "NOT_THE_DISTRICTS",
    "READ_BY_ADDRESS",
    "SOON_DAYS",
    "WITHOUT_TOKEN",
    "Approval",
    "ApprovedFundraiser",
    "Approver",
    "ApproverRole",
    "Asker",
    "FundraiserWish",
    "NewPage",
    "PageFacts",
    "Problem",
    "RegisteredPage",
    "Registration",
    "RequestState",
    "TokenPlaces",
    "add_fundraiser",
    "add_page",
    "approval_problems",
    "approve_fundraiser",
    "approve_registration",
    "ask_fundraiser",
    "ask_registration",
    "days_left",
    "end_fundraiser",
    "ends_soon",
    "fundraiser",
    "fundraisers_of",
    "list_fundraisers",
    "list_pages",
    "pause",
    "reason_problems",
    "refuse_request",
    "registered",
    "registration_of",
    "registration_problems",
    "request",
    "request_of",
    "requests",
    "resume",
    "set_mode",
    "set_token_ref",
    "token_is_needed",
    "token_problems",
    "wish_problems",
]
