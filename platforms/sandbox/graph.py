"""A strict stand-in of the Graph API v26.0: Facebook Pages and Instagram accounts of a world.

What the vendor would refuse is refused: unknown paths, fields, parameters and values, missing
scopes, wrong or expired tokens, a wrong or missing appsecret_proof. Rate limits come from
`world.limits["facebook"]` and `["instagram"]`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs

from platforms.sandbox import graph_facebook, graph_instagram
from platforms.sandbox.faults import Answer, RateLimit, RateState, Request
from platforms.sandbox.graph_errors import (
    JSON_TYPE,
    GraphFailure,
    bad_parameter,
    gone,
    not_described,
)
from platforms.sandbox.graph_fields import parse_fields
from platforms.sandbox.graph_nodes import Caller, NodeType, list_edge, render
from platforms.sandbox.records import SandboxComment, SandboxPage, SandboxPost, Token
from platforms.sandbox.world import World

VERSION = "v26.0"
MULTI_GET_LIMIT = 50
DEFAULT_LIMIT = RateLimit(calls=48_000, window_seconds=86_400)
THROTTLED = {"facebook": 80001, "instagram": 80002}
USE_CASE = {"facebook": "pages", "instagram": "instagram"}
COMMON_PARAMS = ("access_token", "appsecret_proof")
_PATH = re.compile(r"/v\d+\.\d+(/|$)")

Params = Mapping[str, str]


class GraphApi:
    """Answers for every Facebook and Instagram page of the world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def serves(self, path: str) -> bool:
        return _PATH.match(path) is not None

    def platform_of(self, request: Request) -> str:
        """By the token; a call without a known one counts as Facebook's."""
        token = self.world.tokens.get(_shown_token(request, _params(request)) or "")
        return token.platform if token else "facebook"

    def answer(self, request: Request) -> Answer:
        headers: dict[str, str] = {}
        try:
            params = _params(request)
            token = self._token(request, params)
            state = self._spend(token)
            headers = _usage_headers(token, state, self._minutes_left(state))
            if state.exceeded:
                code = THROTTLED[token.platform]
                raise GraphFailure(code, f"(#{code}) There have been too many calls", status=403)
            caller = Caller(world=self.world, token=token)
            if request.undescribed:
                raise not_described(request.undescribed)
            own = {name: value for name, value in params.items() if name not in COMMON_PARAMS}
            found = self._route(caller, request, own)
        except GraphFailure as failure:
            refused = failure.answer()
            return Answer(
                status=refused.status, headers={**refused.headers, **headers}, body=refused.body
            )
        return Answer(headers={**JSON_TYPE, **headers}, body=json.dumps(found).encode())

    def _token(self, request: Request, params: Params) -> Token:
        shown = _shown_token(request, params)
        if not shown:
            raise GraphFailure(104, "An access token is required to request this resource.")
        token = self.world.tokens.get(shown)
        if token is None or token.platform not in THROTTLED:
            raise GraphFailure(190, "Invalid OAuth access token - Cannot parse access token")
        if token.expired:
            raise GraphFailure(
                190,
                "Error validating access token: the session is no longer valid.",
                subcode=token.error_subcode,
            )
        self._check_proof(shown, params.get("appsecret_proof"))
        return token

    def _check_proof(self, token: str, proof: str | None) -> None:
        if proof is None:
            if self.world.requires_proof:
                raise GraphFailure(
                    100,
                    "API calls from the server require an appsecret_proof argument",
                    kind="GraphMethodException",
                )
            return
        secret = self.world.app_secret.encode()
        expected = hmac.new(secret, token.encode(), hashlib.sha256).hexdigest()
        if not hmac.compare_digest(expected, proof):
            raise GraphFailure(
                100,
                "Invalid appsecret_proof provided in the API argument",
                kind="GraphMethodException",
            )

    def _spend(self, token: Token) -> RateState:
        limit = self.world.limits.get(token.platform, DEFAULT_LIMIT)
        return self.world.meter.spend(f"graph:{token.page_id}", limit, self.world.now())

    def _minutes_left(self, state: RateState) -> int:
        return max(1, round((state.reset_at - self.world.now()).total_seconds() / 60))

    def _route(self, caller: Caller, request: Request, params: Params) -> Any:
        version, *parts = request.path.strip("/").split("/")
        if version != VERSION:
            raise GraphFailure(2500, f"Unknown path components: /{version}")
        if not parts and request.method == "GET":
            return self._multi_get(caller, params)
        if len(parts) == 1:
            kind, node = self._node(caller, parts[0], request.method)
            return self._on_node(caller, request.method, kind, node, params)
        if len(parts) == 2 and request.method == "GET":
            kind, node = self._node(caller, parts[0], "GET")
            if parts[1] in kind.edges:
                return list_edge(caller, kind.edges[parts[1]], node, params, None, parts[1])
        raise GraphFailure(2500, f"Unknown path components: /{'/'.join(parts[1:])}")

    def _on_node(
        self, caller: Caller, method: str, kind: NodeType, node: Any, params: Params
    ) -> Any:
        if method == "GET":
            return _shown(caller, kind, node, params)
        actions = graph_facebook if caller.token.platform == "facebook" else graph_instagram
        if isinstance(node, SandboxComment) and method == "POST":
            return actions.update_comment(caller, node, params)
        if isinstance(node, SandboxPost) and node.author_id and method == "POST":
            return graph_facebook.update_post(caller, node, params)
        if isinstance(node, SandboxComment) and method == "DELETE":
            return actions.delete_comment(caller, node)
        raise gone(node.id, method.lower())

    def _multi_get(self, caller: Caller, params: Params) -> dict[str, Any]:
        """One id that is not there fails the whole call."""
        if self.world.refuses_id_lists:
            raise bad_parameter("Unknown parameter ids")
        ids = [one for one in params.get("ids", "").split(",") if one]
        if not ids:
            raise bad_parameter("The parameter ids is required")
        if len(ids) > MULTI_GET_LIMIT:
            raise bad_parameter(f"Too many IDs. Maximum: {MULTI_GET_LIMIT}. Provided: {len(ids)}")
        rest = {name: value for name, value in params.items() if name != "ids"}
        nodes = {one: self._node(caller, one, "GET") for one in ids}
        return {one: _shown(caller, kind, node, rest) for one, (kind, node) in nodes.items()}

    def _node(self, caller: Caller, node_id: str, method: str) -> tuple[NodeType, Any]:
        """A node that the token may see."""
        token = caller.token
        if node_id == "me" and token.kind == "user":
            return graph_facebook.PERSON, graph_facebook.Person(id=f"1{token.page_id}")
        if node_id == "me":
            node_id = token.page_id
        facebook = token.platform == "facebook"
        fields = graph_facebook if facebook else graph_instagram
        found: SandboxPage | SandboxPost | SandboxComment | None
        if (page := self.world.page(node_id)) and page.id == node_id == token.page_id:
            return (graph_facebook.PAGE if facebook else graph_instagram.USER), page
        if (found := self.world.post(node_id)) and found.id == node_id:
            kind = graph_facebook.kind_of(found) if facebook else graph_instagram.MEDIA
        elif (found := self.world.comment(node_id)) and found.id == node_id:
            kind = fields.COMMENT
        if found is None or found.id != node_id or found.page_id != token.page_id:
            raise gone(node_id, method.lower())
        return kind, found


def _shown(caller: Caller, kind: NodeType, node: Any, params: Params) -> dict[str, Any]:
    for name in params:
        if name != "fields":
            raise bad_parameter(f"Unknown parameter {name} on {kind.name}")
    fields = parse_fields(params["fields"]) if params.get("fields") else None
    return render(caller, kind, node, fields)


def _params(request: Request) -> dict[str, str]:
    """Query and form together, the last of a name."""
    form: dict[str, list[str]] = {}
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        form = parse_qs(request.body.decode("latin-1"), keep_blank_values=True)
    return {name: values[-1] for name, values in {**request.query, **form}.items()}


def _shown_token(request: Request, params: Params) -> str | None:
    kind, _, value = request.headers.get("authorization", "").partition(" ")
    if kind in ("Bearer", "OAuth") and value:
        return value
    return params.get("access_token")


def _usage_headers(token: Token, state: RateState, wait_minutes: int) -> dict[str, str]:
    share = round(100 * state.used / state.limit)
    parts = {"call_count": share, "total_cputime": share // 4, "total_time": share // 4}
    use_case = {
        "type": USE_CASE[token.platform],
        **parts,
        "estimated_time_to_regain_access": wait_minutes if state.exceeded else 0,
    }
    return {
        "X-App-Usage": json.dumps(parts),
        "X-Business-Use-Case-Usage": json.dumps({token.page_id: [use_case]}),
        "facebook-api-version": VERSION,
    }
