"""Random ids that are shown once and stored as a hash."""

from __future__ import annotations

import hashlib
import hmac
import secrets


def new_token() -> str:
    """256 random bits, to be put into a cookie or an address."""
    return secrets.token_urlsafe(32)


def token_sha256(token: str) -> str:
    """What is stored of a token (hex)."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def form_token(cookie: str) -> str:
    """What the forms of a browser carry: it can be told from the cookie, and the cookie not from
    it."""
    key = cookie.encode("utf-8", "surrogatepass")
    return hmac.new(key, b"modbot form", hashlib.sha256).hexdigest()
