"""Reads and refuses the parameters of calls to the X stand-in, as X does."""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from platforms.sandbox.faults import Request

ABOVE_ALL_IDS = 10**19
PROBLEMS = "https://api.twitter.com/2/problems/"
ROUTES = (
    ("GET", re.compile(r"/2/users/me"), "me"),
    ("GET", re.compile(r"/2/users/([0-9]{1,19})/mentions"), "mentions"),
    ("GET", re.compile(r"/2/users/([0-9]{1,19})/tweets"), "tweets"),
    ("GET", re.compile(r"/2/tweets"), "lookup"),
    ("GET", re.compile(r"/2/tweets/search/recent"), "search"),
    ("PUT", re.compile(r"/2/tweets/([0-9]{1,19})/hidden"), "hidden"),
)


class Refused(Exception):
    """The call is answered with an error."""

    def __init__(
        self,
        status: int,
        body: Mapping[str, object] | None = None,
        *,
        title: str = "",
        detail: str = "",
        kind: str = "",
        headers: Mapping[str, str] | None = None,
    ):
        super().__init__(title)
        self.status = status
        self.headers = dict(headers or {})
        self.body = body or {
            "title": title,
            "detail": detail or title,
            "type": f"{PROBLEMS}{kind}" if kind else "about:blank",
            "status": status,
        }


def route_of(request: Request) -> tuple[str, str]:
    """The name of the endpoint and the id in its path."""
    matches = [(m, way, name) for way, p, name in ROUTES if (m := p.fullmatch(request.path))]
    for match, method, name in matches:
        if method == request.method:
            return name, match[1] if match.groups() else ""
    if matches:
        raise Refused(405, title="Method Not Allowed")
    raise Refused(404, {"errors": [{"code": 34, "message": "Sorry, that page does not exist"}]})


def parameters(request: Request, known: set[str]) -> dict[str, str]:
    """The query; each name known and given once."""
    for name, values in request.query.items():
        if name not in known:
            expected = ",".join(sorted(known))
            raise invalid(name, values, f"The query parameter [{name}] is not one of [{expected}]")
        if len(values) > 1 or not values[0]:
            raise invalid(name, values, f"The `{name}` query parameter value is not valid")
    return {name: values[0] for name, values in request.query.items()}


def invalid(name: str, values: Sequence[str], message: str) -> Refused:
    """400 in X's form."""
    return Refused(
        400,
        {
            "errors": [{"parameters": {name: list(values)}, "message": message}],
            "title": "Invalid Request",
            "detail": "One or more parameters to your request was invalid.",
            "type": f"{PROBLEMS}invalid-request",
        },
    )


def names(name: str, query: Mapping[str, str], known: Sequence[str]) -> list[str]:
    """The values of a comma separated parameter, each one known."""
    values = query[name].split(",") if name in query else []
    for value in values:
        if value not in known:
            message = (
                f"The `{name}` query parameter value [{value}] is not one of [{','.join(known)}]"
            )
            raise invalid(name, [query[name]], message)
    return values


def post_ids(query: Mapping[str, str]) -> list[str]:
    """`ids`: 1 to 100 of them."""
    if "ids" not in query:
        raise invalid("ids", [], "The `ids` query parameter can not be empty")
    ids = query["ids"].split(",")
    if len(ids) > 100:
        raise invalid("ids", ids, f"The number of values in the `ids` query parameter {len(ids)}")
    return [_id("ids", one) for one in ids]


def max_results(query: Mapping[str, str], *, least: int = 5) -> int:
    """`least` to 100; 10 when not given."""
    given = query.get("max_results", "10")
    if not given.isdigit() or not least <= int(given) <= 100:
        message = (
            f"The `max_results` query parameter value [{given}] is not between {least} and 100"
        )
        raise invalid("max_results", [given], message)
    return int(given)


def hidden_wanted(request: Request) -> bool:
    """The body of a hide: {"hidden": true or false} and nothing else."""
    try:
        body = json.loads(request.body)
    except ValueError:
        body = None
    if (
        not isinstance(body, dict)
        or set(body) != {"hidden"}
        or not isinstance(body["hidden"], bool)
    ):
        raise invalid("hidden", [], "The body must be an object with `hidden`, true or false")
    return bool(body["hidden"])


def token_below(post_id: str) -> str:
    """A pagination token: the page that goes on below that id."""
    return base64.b32hexencode(post_id.encode()).decode().rstrip("=").lower()


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """What a listing is limited to; ids exclusive, start inclusive, end exclusive."""

    above: int
    below: int
    start: datetime
    end: datetime

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Bounds:
        ids = {
            name: int(_id(name, query[name])) for name in ("since_id", "until_id") if name in query
        }
        times = {
            name: _time(name, query[name]) for name in ("start_time", "end_time") if name in query
        }
        bounds = cls(
            above=ids.get("since_id", 0),
            below=min(ids.get("until_id", ABOVE_ALL_IDS), _below(query)),
            start=times.get("start_time", datetime.min.replace(tzinfo=UTC)),
            end=times.get("end_time", datetime.max.replace(tzinfo=UTC)),
        )
        if len(ids) == 2 and ids["since_id"] >= ids["until_id"]:
            raise invalid(
                "since_id", [query["since_id"]], "'since_id' must be less than 'until_id'"
            )
        if bounds.start >= bounds.end:
            raise invalid(
                "start_time", [query["start_time"]], "'start_time' must be before 'end_time'"
            )
        return bounds

    def hold(self, post_id: str, created_at: datetime) -> bool:
        return self.above < int(post_id) < self.below and self.start <= created_at < self.end


def _below(query: Mapping[str, str]) -> int:
    token = query.get("pagination_token") or query.get("next_token")
    if token is None:
        return ABOVE_ALL_IDS
    try:
        return int(base64.b32hexdecode(token.upper() + "=" * (-len(token) % 8)))
    except (binascii.Error, ValueError):
        raise invalid("pagination_token", [token], "The pagination token is not valid") from None


def _id(name: str, value: str) -> str:
    if not re.fullmatch(r"[0-9]{1,19}", value):
        message = f"The `{name}` query parameter value [{value}] does not match ^[0-9]{{1,19}}$"
        raise invalid(name, [value], message)
    return value


def _time(name: str, value: str) -> datetime:
    try:
        moment = datetime.strptime(value, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        message = f"The `{name}` query parameter value [{value}] is not a valid RFC3339 date-time"
        raise invalid(name, [value], message) from None
    if moment < datetime(2010, 11, 6, tzinfo=UTC):
        raise invalid(name, [value], f"'{name}' must be on or after 2010-11-06T00:00:00Z")
    return moment
