"""Every route under /pages and /fundraisers."""

from __future__ import annotations

from modbot.web.fundraiser_screens import fundraiser_screen_routes
from modbot.web.fundraisers import FundraiserRequests, fundraiser_list_routes
from modbot.web.page_changes import page_change_routes
from modbot.web.page_list import page_list_routes
from modbot.web.page_past import page_past_routes
from modbot.web.page_screen import page_screen_routes
from modbot.web.page_seen import page_seen_routes
from modbot.web.places import Places
from modbot.web.registration import PageRequests
from modbot.web.rendering import Pages
from modbot.web.requests import request_routes
from modbot.web.routes import Routes
from modbot.web.seam import WebService


def place_routes(service: WebService, pages: Pages) -> Routes:
    """The screens of pages and fundraisers, and what their forms send."""
    places, routes = Places(service, pages), Routes()
    routes.include(page_list_routes(places))
    routes.include(request_routes(PageRequests(places)))
    routes.include(fundraiser_list_routes(places))
    routes.include(request_routes(FundraiserRequests(places)))
    routes.include(fundraiser_screen_routes(places))
    # Last: a page's id may hold slashes, so these take whatever is left.
    routes.include(page_past_routes(places))
    routes.include(page_seen_routes(places))
    routes.include(page_change_routes(places))
    routes.include(page_screen_routes(places))
    return routes
