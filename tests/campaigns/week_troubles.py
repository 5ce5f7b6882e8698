"""What goes wrong in a simulated week: a share of all calls fails, in every way that is known.

Which call fails, and how, comes from a seeded generator, so that a run can be repeated. Whoever was
told to wait is remembered until the time is up: a call before that is held against the service.
"""

from __future__ import annotations

import base64
import binascii
import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from email.utils import format_datetime
from zoneinfo import ZoneInfo

from platforms.sandbox.faults import Fault, Faults, Request
from platforms.sandbox.graph_errors import GraphFailure
from platforms.sandbox.world import World
from platforms.sandbox.x import credits_depleted, usage_capped
from platforms.sandbox.x_parameters import PROBLEMS
from platforms.sandbox.youtube import YouTubeApi
from tests.campaigns.week_public import Public

TOLERANCE = timedelta(seconds=1)
META = ("facebook", "instagram")
WRITES = "meta writes "
REFUSED = ("token refused", "a right is missing")
USE_CASES = {"facebook": "pages", "instagram": "instagram"}
# How often each way comes, beside the others.
WAYS = {
    "429 for seconds": 8,
    "429 until a date": 4,
    "503 for seconds": 2,
    "503": 6,
    "500": 6,
    "502 with a page": 4,
    "a page with 200": 6,
    "empty": 5,
    "truncated": 6,
    "wrong types": 5,
    "reset": 6,
    "done, then reset": 6,
    "cut off": 6,
    "wrong length": 5,
    "slow": 1,
    "huge": 1,
    "gzip bomb": 1,
    "an item twice": 8,
    "the vendor's own limit": 10,
    "token refused": 2,
    "a right is missing": 2,
    "nothing left to spend": 3,
}
# What only calls that page on and those before a hide can meet comes so many times as often.
OFTENER = 5
CURSORS = ("after", "pageToken", "pagination_token", "next_token")
NAMING = ("ids", "id", "include")  # parameters that name comments to look up
# A project that runs out of units does so late in its day, and is not called for the rest of it.
LATE_HOUR, PACIFIC = 18, ZoneInfo("America/Los_Angeles")
TOPPED_UP = timedelta(minutes=15)  # how soon a call finds that X's credits are there again
PLAIN = {
    "503": Fault(kind="status", status=503),
    "500": Fault(kind="status", status=500, body=b'{"oops":'),
    "502 with a page": Fault(kind="html", status=502),
    "a page with 200": Fault(kind="html"),
    "empty": Fault(kind="empty"),
    "truncated": Fault(kind="truncated"),
    "wrong types": Fault(kind="wrong_type"),
    "reset": Fault(kind="reset"),
    "done, then reset": Fault(kind="reset", applied=True),
    "cut off": Fault(kind="cut"),
    "wrong length": Fault(kind="wrong_length"),
    "slow": Fault(kind="slow", delay_seconds=0.1),
    "huge": Fault(kind="huge"),
    "gzip bomb": Fault(kind="bomb"),
    "an item twice": Fault(kind="repeated"),
}


class Troubles(Faults):
    """In place of a world's faults. `renew` is told of a refused token and gives a good one."""

    def __init__(
        self,
        world: World,
        youtube: YouTubeApi,
        *,
        share: float,
        chance: random.Random,
        renew: Callable[[str], object],
    ):
        super().__init__()
        self.share = share  # of the calls that fail
        self.calls = 0
        self.calls_at_risk = 0  # those before end()
        self.by_platform: Counter[str] = Counter()
        self.made: Counter[str] = Counter()
        self.early: list[str] = []
        self.overtaken: Counter[str] = Counter()  # comments that changed between read and hide
        self.hidden_by_others: set[str] = set()
        self.public: Public | None = None  # who may be quicker than the service
        self.repairs: list[tuple[datetime, str]] = []  # tokens that a person is to renew, and when
        self._world, self._youtube = world, youtube
        self._chance = chance
        self._renew = renew
        self._silent: dict[str, datetime] = {}
        self._spent_until = world.now()
        self._ended = False

    def take(self, platform: str, request: Request) -> Fault | None:
        self.calls += 1
        self.calls_at_risk += not self._ended
        self.by_platform[platform] += 1
        self._look_for_early_calls(platform, request)
        if ordered := super().take(platform, request):
            return ordered
        if self._chance.random() < self.share * OFTENER:
            if fault := lost_place(platform, request):
                self.made["an expired cursor"] += 1
                return fault
            self._overtake(request)
        if self._chance.random() >= self.share:
            return None
        way = self._chance.choices(list(WAYS), weights=list(WAYS.values()))[0]
        fault, way = self._trouble(way, platform, request)
        self.made[way] += 1
        return fault

    def repair(self) -> None:
        """Renews the tokens whose time has come, as a person would."""
        now = self._world.now()
        for _, token in [one for one in self.repairs if one[0] <= now]:
            self._renew(token)
        self.repairs = [one for one in self.repairs if one[0] > now]

    def end(self) -> None:
        """From now on nothing fails, and every refused token is renewed."""
        self.share, self._ended = 0.0, True
        self.repairs = [(self._world.now(), token) for _, token in self.repairs]

    def heals_at(self) -> datetime:
        """From when on every page can be read again, if nothing more goes wrong."""
        waits = [until for key, until in self._silent.items() if not key.startswith(WRITES)]
        return max([self._spent_until, *waits])

    def silence(self, key: str, seconds: float) -> None:
        """From now on a call of `key` is early, until the time is up."""
        until = self._world.now() + timedelta(seconds=seconds)
        self._silent[key] = max(until, self._silent.get(key, until))

    def token_of(self, platform: str, request: Request) -> str:
        """The token of the world that a request shows; empty: none."""
        scheme, _, shown = request.headers.get("authorization", "").partition(" ")
        if platform == "wordpress" and scheme == "Basic":
            try:
                return base64.b64decode(shown).decode()
            except (binascii.Error, ValueError):
                return ""
        return self._youtube.refresh_token_of(shown) if platform == "youtube" else shown

    def _keys(self, platform: str, request: Request) -> list[str]:
        """What the vendor counts a call by, the narrowest first."""
        token = self.token_of(platform, request)
        if platform in META:
            writes = [WRITES + token] if request.method == "POST" else []
            return [*writes, "meta " + token, "meta app"]
        if platform == "x":
            parts = request.path.split("/")  # each endpoint has its limit: /2/users/ID/mentions
            return [f"x {parts[2]} {parts[-1]} {token}", "x " + token]
        if platform == "youtube":
            return ["youtube project"]
        return ["site of " + request.headers.get("host", "")]

    def _look_for_early_calls(self, platform: str, request: Request) -> None:
        now = self._world.now()
        for key in self._keys(platform, request):
            until = self._silent.get(key)
            if until is not None and now < until - TOLERANCE:
                left = (until - now).total_seconds()
                self.early.append(f"{platform} {request.method}: {left:.0f} s early")

    def _trouble(self, way: str, platform: str, request: Request) -> tuple[Fault | None, str]:
        """The fault, and the name of what it has become where a way does not fit the call."""
        if way in PLAIN:
            return PLAIN[way], way
        token = self.token_of(platform, request)
        if way in REFUSED and not token:
            way = "429 for seconds"
        if way in REFUSED:
            return self._refuse(token, way), way
        if way == "nothing left to spend" and (spent := self._spent(platform)):
            return spent
        if way in ("the vendor's own limit", "nothing left to spend"):
            return self._limit(platform, request)
        status = 503 if way.startswith("503") else 429
        seconds = self._chance.randrange(20, 600)
        asked = str(seconds)
        if way == "429 until a date":
            at = self._world.now() + timedelta(seconds=seconds)
            asked = format_datetime(at, usegmt=True)
        keys = self._keys(platform, request)
        self.silence(keys[-2] if platform in META else keys[-1], seconds)
        return Fault(kind="html", status=status, headers={"Retry-After": asked}), way

    def _refuse(self, token: str, way: str) -> None:
        """The stand-in itself says no, until a person has made a new token."""
        known = self._world.tokens[token]
        if known.expired or not known.scopes:
            return
        if way == "a right is missing":
            known.scopes = frozenset()
        else:
            self._world.expire_token(token, self._chance.choice((460, 463)))
        minutes = self._chance.uniform(10, 90)
        self.repairs.append((self._world.now() + timedelta(minutes=minutes), token))

    def _overtake(self, request: Request) -> None:
        """The first comment of a call that is about to be hidden is deleted, edited or hidden."""
        for comment_id in named(request):
            comment = self._world.comment(comment_id)
            if comment is None or self.public is None or comment.hidden:
                continue
            if not comment.by_page and self.public.is_bad(comment.text):
                how = self.public.overtake(comment, self._chance)
                self.overtaken[f"{how} first"] += 1
                if how == "hidden":
                    self.hidden_by_others.add(comment.id)
                return

    def _spent(self, platform: str) -> tuple[Fault, str] | None:
        """X's credits or its cap, YouTube's units. None: there are none, or not at this hour."""
        now = self._world.now()
        if platform == "x":
            way = self._chance.choice((credits_depleted, usage_capped))
            self._spent_until = now + TOPPED_UP
            return way(), "X: " + way.__name__.replace("_", " ")
        local = now.astimezone(PACIFIC)
        if platform != "youtube" or local.hour < LATE_HOUR:
            return None
        midnight = datetime.combine(local.date() + timedelta(days=1), time(), PACIFIC)
        self.silence("youtube project", (midnight.astimezone(UTC) - now).total_seconds())
        return youtube_refusal("quotaExceeded"), "YouTube: quotaExceeded"

    def _limit(self, platform: str, request: Request) -> tuple[Fault, str]:
        if platform in META:
            return self._limit_of_meta(platform, request)
        if platform == "x":
            seconds = self._chance.randrange(60, 900)
            self.silence(self._keys(platform, request)[0], seconds)
            reset = int(self._world.now().timestamp()) + seconds
            headers = {"x-rate-limit-limit": "300", "x-rate-limit-remaining": "0"}
            headers["x-rate-limit-reset"] = str(reset)
            return Fault(kind="status", status=429, headers=headers, body=b"{}"), "X's limit"
        if platform == "youtube":
            return youtube_refusal("rateLimitExceeded"), "YouTube's limit"
        return Fault(kind="html", status=429), "429 that says no time"

    def _limit_of_meta(self, platform: str, request: Request) -> tuple[Fault, str]:
        token = self._world.tokens.get(self.token_of(platform, request))
        page = token.page_id if token else "0"
        code = self._chance.choice((2, 4, 17, 32, 613, 80001, 80002, 368))
        if code == 368 and request.method != "POST":
            code = 17
        minutes = self._chance.randrange(1, 10)
        part = {"type": USE_CASES[platform], "call_count": 100, "total_cputime": 9, "total_time": 9}
        part["estimated_time_to_regain_access"] = minutes
        headers = {"X-Business-Use-Case-Usage": json.dumps({page: [part]})}
        own, app = "meta ", "meta app"
        if code == 368:
            headers = {}
            self.silence(WRITES + (token.token if token else ""), 6 * 3600)
        elif code == 4:
            self.silence(app, minutes * 60)
        elif code != 2:
            self.silence(own + (token.token if token else ""), minutes * 60)
        answer = GraphFailure(code, f"(#{code}) no", transient=code == 2).answer()
        fault = Fault(
            kind="status", status=500 if code == 2 else 400, headers=headers, body=answer.body
        )
        return fault, f"Graph code {code}"


def named(request: Request) -> list[str]:
    """The ids that a call looks up or changes; those of a listing's place are not among them."""
    parts = request.path.split("/")
    found = parts if request.method != "GET" else parts[-1:]
    for name in NAMING:
        for value in request.query.get(name, ()):
            found = [*found, *value.split(",")]
    return found


def lost_place(platform: str, request: Request) -> Fault | None:
    """The answer to a call that pages on, when the vendor knows its cursor no longer. None: it does
    not page on."""
    if not any(name in request.query for name in CURSORS):
        return None
    if platform == "youtube":
        return youtube_refusal("invalidPageToken", status=400)
    if platform in META:
        body = GraphFailure(100, "(#100) Invalid cursors values").answer().body
    else:
        said = {"title": "Invalid Request", "detail": "The pagination token is not valid"}
        body = json.dumps(said | {"type": f"{PROBLEMS}invalid-request"}).encode()
    return Fault(kind="status", status=400, body=body)


def youtube_refusal(reason: str, *, status: int = 403) -> Fault:
    error = {"code": status, "message": "no", "errors": [{"reason": reason}]}
    return Fault(kind="status", status=status, body=json.dumps({"error": error}).encode())
