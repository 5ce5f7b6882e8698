"""How the Graph API says no.

Codes, types and the shape are the vendor's; most message texts are constructed.
"""

from __future__ import annotations

import json

from platforms.sandbox.faults import Answer

JSON_TYPE = {"Content-Type": "application/json; charset=UTF-8"}


class GraphFailure(Exception):
    """A refusal, as code, subcode, type and HTTP status."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        kind: str = "OAuthException",
        status: int = 400,
        transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.code, self.message, self.subcode = code, message, subcode
        self.kind, self.status, self.transient = kind, status, transient

    def answer(self) -> Answer:
        error: dict[str, object] = {
            "message": self.message,
            "type": self.kind,
            "code": self.code,
            "fbtrace_id": "Asandbox00000000000000",
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        if self.transient:
            error["is_transient"] = True
        return Answer(
            status=self.status, headers=JSON_TYPE, body=json.dumps({"error": error}).encode()
        )


def gone(node_id: str, verb: str = "get") -> GraphFailure:
    """Not there, or not for this token: the vendor does not tell which."""
    return GraphFailure(
        100,
        f"Unsupported {verb} request. Object with ID '{node_id}' does not exist, cannot be loaded "
        "due to missing permissions, or does not support this operation",
        subcode=33,
        kind="GraphMethodException",
    )


def bad_parameter(message: str) -> GraphFailure:
    return GraphFailure(100, f"(#100) {message}")


def not_described(rule: str) -> GraphFailure:
    """For what the description of the API does not allow."""
    code = 2500 if any(part in rule for part in ("this path", "cannot be parsed")) else 100
    return GraphFailure(code, f"(#{code}) {rule}")


def not_permitted(code: int, permission: str) -> GraphFailure:
    return GraphFailure(
        code,
        f"(#{code}) This endpoint requires the '{permission}' permission to be granted",
        status=403,
    )
