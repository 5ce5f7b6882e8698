"""A sign-in provider over HTTP: where to send people, and who came back."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from modbot.errors import BadConfig, ProviderRefused
from modbot.people.id_token import Identity, identity_of
from modbot.settings import read_secret
from modbot.settings.sign_in import ProviderSection, on_this_machine

TIMEOUT_SECONDS = 10.0
KEPT_SECONDS = 3600.0  # of what a provider says of itself, and of its keys
LARGEST_ANSWER = 500_000  # bytes
ALGORITHMS = ["RS256"]  # of ID tokens; never "none", never one keyed with our own secret
SCOPE = "openid email profile"
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Provider:
    """One provider; what it says of itself is kept for an hour."""

    def __init__(self, setting: ProviderSection, environ: Mapping[str, str]):
        self.setting = setting
        self._environ = environ
        self._lock = threading.Lock()
        self._known: dict[str, Any] = {}
        self._keys: KeySet | None = None
        self._until = 0.0

    def address(self, *, redirect_uri: str, state: str, nonce: str, verifier: str) -> str:
        """Where the browser goes to sign in. Raises ProviderRefused."""
        endpoint = self._metadata()["authorization_endpoint"]
        # Only a hint, which lets Google offer the right account: the claim is what counts.
        hint = {"hd": self.setting.domain} if self.setting.kind == "google" else {}
        with self._session(redirect_uri) as session:
            address, _state = session.create_authorization_url(
                endpoint, state=state, nonce=nonce, code_verifier=verifier, **hint
            )
        return str(address)

    def identity(
        self, *, code: str, redirect_uri: str, nonce: str, verifier: str, now: datetime
    ) -> Identity:
        """Who came back with `code`. Raises ProviderRefused."""
        endpoint = self._metadata()["token_endpoint"]
        try:
            with self._session(redirect_uri) as session:
                answer = session.fetch_token(endpoint, code=code, code_verifier=verifier)
        except AuthlibBaseError:
            raise ProviderRefused("code") from None
        except (requests.RequestException, ValueError):
            raise ProviderRefused("unreachable") from None
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise ProviderRefused("no_token")
        return identity_of(self._claims(token), self.setting, nonce=nonce, now=now)

    def _session(self, redirect_uri: str) -> Any:
        try:
            secret = read_secret(self.setting.client_secret, self._environ)
        except BadConfig:
            raise ProviderRefused("secret") from None
        session = OAuth2Session(
            client_id=self.setting.client_id,
            client_secret=secret.get("token") or secret.get("client_secret"),
            scope=SCOPE,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            default_timeout=TIMEOUT_SECONDS,
        )
        session.max_redirects = 0  # what is sent there is secret
        return session

    def _claims(self, token: str) -> Mapping[str, Any]:
        """What a token says, once its signature is that of the provider's key."""
        for keys in (self._key_set(), self._key_set(fresh=True)):  # they change their keys
            try:
                return jwt.decode(token, keys, algorithms=ALGORITHMS).claims
            except (JoseError, ValueError, TypeError):
                continue
        raise ProviderRefused("signature")

    def _key_set(self, *, fresh: bool = False) -> KeySet:
        metadata = self._metadata()
        with self._lock:
            if fresh or self._keys is None:
                try:
                    self._keys = KeySet.import_key_set(_get(metadata["jwks_uri"]))  # type: ignore[arg-type]
                except (JoseError, ValueError, KeyError, TypeError):
                    raise ProviderRefused("keys") from None
            return self._keys

    def _metadata(self) -> Mapping[str, str]:
        """What the provider says of itself, which has to name it exactly."""
        with self._lock:
            if self._known and time.monotonic() < self._until:
                return self._known
        issuer = self.setting.issuer_address
        found = _get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise ProviderRefused("issuer")
        for name in _ENDPOINTS:
            if not _safe(found.get(name), issuer):
                raise ProviderRefused("metadata")
        with self._lock:
            self._known, self._keys = found, None
            self._until = time.monotonic() + KEPT_SECONDS
        return found


def _safe(address: object, issuer: str) -> bool:
    """https; http only where the issuer itself is on this machine, and then only there."""
    if not isinstance(address, str):
        return False
    try:
        url = urlsplit(address)
        host = url.hostname or ""
    except ValueError:
        return False
    if url.scheme == "https":
        return bool(host)
    local = on_this_machine(host) and on_this_machine(urlsplit(issuer).hostname or "")
    return url.scheme == "http" and local


def _get(address: str) -> dict[str, Any]:
    """The JSON object at an address. Raises ProviderRefused."""
    try:
        with requests.get(
            address, timeout=TIMEOUT_SECONDS, allow_redirects=False, stream=True
        ) as answer:
            data = answer.raw.read(LARGEST_ANSWER + 1, decode_content=True)
            if answer.status_code != 200 or len(data) > LARGEST_ANSWER:
                raise ProviderRefused("unreachable")
            found = json.loads(data)
    except (requests.RequestException, OSError, ValueError):
        raise ProviderRefused("unreachable") from None
    if not isinstance(found, dict):
        raise ProviderRefused("unreachable")
    return found
