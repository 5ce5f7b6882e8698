"""Checks calls to the YouTube stand-in against YouTube's own description of its API.

The description is the one that google-api-python-client brings along (discovery document). What it
does not say, the pages of developers.google.com/youtube/v3/docs do, and the rules below repeat.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from googleapiclient import discovery_cache

from platforms.sandbox.faults import Request

RESOURCES = ("commentThreads", "comments", "channels", "videos")
PARTS = {
    "youtube.commentThreads.list": {"id", "snippet", "replies"},
    "youtube.comments.list": {"id", "snippet"},
    "youtube.channels.list": {"id", "snippet"},
    "youtube.videos.list": {"id", "snippet"},
}
FILTERS = {
    "youtube.commentThreads.list": {"allThreadsRelatedToChannelId", "channelId", "id", "videoId"},
    "youtube.comments.list": {"id", "parentId"},
    "youtube.channels.list": {"id", "mine", "forHandle"},
    "youtube.videos.list": {"id", "chart", "myRating"},
}
NOT_WITH_IDS = {"maxResults", "pageToken", "moderationStatus", "order"}
MOST_IDS = 50


class Refused(Exception):
    """The call is answered with an error."""

    def __init__(self, status: int, reason: str, domain: str = "youtube.parameter"):
        super().__init__(reason)
        self.status = status
        error = {"message": reason, "domain": domain, "reason": reason}
        self.body = {"error": {"code": status, "message": reason, "errors": [error]}}


@dataclass(frozen=True, kw_only=True)
class Call:
    """A call that the description allows."""

    method: str  # "youtube.comments.list"
    query: Mapping[str, list[str]]

    def one(self, name: str, default: str = "") -> str:
        return self.query.get(name, [default])[0]

    def ids(self) -> list[str]:
        """`id`, repeated or separated by commas."""
        return [one for value in self.query.get("id", []) for one in value.split(",")]

    @property
    def parts(self) -> set[str]:
        return {part for value in self.query.get("part", []) for part in value.split(",")}


@cache
def _methods() -> dict[tuple[str, str], dict[str, Any]]:
    text = discovery_cache.get_static_doc("youtube", "v3")
    description = json.loads(text)
    found = {}
    for resource in RESOURCES:
        for method in description["resources"][resource]["methods"].values():
            every = description["parameters"] | method.get("parameters", {})
            entry = {"id": method["id"], "parameters": every}
            found[method["httpMethod"], "/" + method["path"]] = entry
    return found


def checked(request: Request) -> Call:
    """The call. Raises Refused for what YouTube would not take."""
    method = _methods().get((request.method, request.path))
    if method is None:
        raise Refused(404, "notFound", "global")
    if "x-http-method-override" in request.headers or request.body:
        raise Refused(400, "badRequest", "global")
    for name, values in request.query.items():
        _check_parameter(name, values, method["parameters"].get(name))
    required = {n for n, p in method["parameters"].items() if p.get("required")}
    if required - request.query.keys():
        raise Refused(400, "missingRequiredParameter")
    call = Call(method=method["id"], query=request.query)
    _check_rules(call)
    return call


def _check_parameter(name: str, values: list[str], known: Mapping[str, Any] | None) -> None:
    if known is None or not all(values) or (len(values) > 1 and not known.get("repeated")):
        raise Refused(400, "invalidParameter")
    for value in values:
        if "enum" in known and value not in known["enum"]:
            raise Refused(400, "invalidParameter")
        if known["type"] == "integer":
            low, high = int(known.get("minimum", 0)), int(known.get("maximum", 2**32))
            if not value.isdecimal() or not low <= int(value) <= high:
                raise Refused(400, f"invalid{name[0].upper()}{name[1:]}")
        if known["type"] == "boolean" and value not in ("true", "false"):
            raise Refused(400, "invalidParameter")


def _check_rules(call: Call) -> None:
    if call.method in PARTS and not call.parts <= PARTS[call.method]:
        raise Refused(400, "unknownPart")
    if call.method in FILTERS:
        given = FILTERS[call.method] & call.query.keys()
        if len(given) != 1:
            raise Refused(
                400, "missingRequiredParameter" if not given else "incompatibleParameters"
            )
        if given == {"id"} and NOT_WITH_IDS & call.query.keys():
            raise Refused(400, "incompatibleParameters")
    if len(call.ids()) > MOST_IDS:
        raise Refused(400, "invalidParameter")
    if call.method == "youtube.comments.setModerationStatus":
        if call.one("moderationStatus") not in ("published", "heldForReview", "rejected"):
            raise Refused(400, "invalidModerationStatus")
        if call.one("banAuthor") == "true" and call.one("moderationStatus") != "rejected":
            raise Refused(400, "banWithoutReject", "youtube.comment")


def page_token(anchor: str) -> str:
    """Where a listing goes on."""
    return base64.urlsafe_b64encode(anchor.encode()).decode().rstrip("=")


def read_page_token(token: str) -> str:
    """What page_token() was given. Raises Refused."""
    try:
        return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
    except (binascii.Error, ValueError):
        raise Refused(400, "invalidPageToken") from None
