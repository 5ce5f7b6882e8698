"""What a provider's ID token has to say before it is believed; pure."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from typing import Any

from modbot.errors import ProviderRefused
from modbot.settings.sign_in import ProviderSection

SKEW = timedelta(minutes=2)  # between their clock and ours
OLDEST = timedelta(minutes=10)  # it was made for this sign-in


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Who somebody is to a provider."""

    issuer: str
    subject: str  # with the issuer, the only thing that never changes
    email: str  # one that the district's provider vouches for, in lower case
    name: str


def identity_of(
    claims: Mapping[str, Any], provider: ProviderSection, *, nonce: str, now: datetime
) -> Identity:
    """Whom the claims of a token with a good signature name. Raises ProviderRefused."""
    if claims.get("iss") != provider.issuer_address:
        raise ProviderRefused("issuer")
    _check_audience(claims, provider.client_id)
    _check_times(claims, now)
    if not hmac.compare_digest(_text(claims, "nonce").encode(), nonce.encode()):
        raise ProviderRefused("nonce")
    subject = _text(claims, "sub")
    if not 0 < len(subject) <= 255:
        raise ProviderRefused("subject")
    email = _district_email(claims, provider)
    name = _text(claims, "name") or email.partition("@")[0]
    return Identity(
        issuer=provider.issuer_address, subject=subject, email=email, name=" ".join(name.split())
    )


def _check_audience(claims: Mapping[str, Any], client_id: str) -> None:
    given = claims.get("aud")
    audience = given if isinstance(given, list) else [given]
    party = claims.get("azp")
    if client_id not in audience or (party is not None and party != client_id):
        raise ProviderRefused("audience")
    if len(audience) > 1 and party is None:
        raise ProviderRefused("audience")


def _check_times(claims: Mapping[str, Any], now: datetime) -> None:
    moment, skew = now.timestamp(), SKEW.total_seconds()
    ends, made = _number(claims, "exp"), _number(claims, "iat")
    if ends is None or ends <= moment - skew:
        raise ProviderRefused("expired")
    if made is None or not moment - OLDEST.total_seconds() <= made <= moment + skew:
        raise ProviderRefused("issued_at")
    begins = _number(claims, "nbf")
    if begins is not None and begins > moment + skew:
        raise ProviderRefused("issued_at")


def _district_email(claims: Mapping[str, Any], provider: ProviderSection) -> str:
    """The address, where it is one of the district's."""
    if provider.kind == "entra":
        if claims.get("tid") != provider.tenant:
            raise ProviderRefused("tenant")
        # "email" is whatever the user or another directory put there; this is the directory's own.
        email = _text(claims, "preferred_username")
    else:
        if provider.kind == "google" and claims.get("hd") != provider.domain:
            raise ProviderRefused("domain")
        if claims.get("email_verified") is not True:
            raise ProviderRefused("email")
        email = _text(claims, "email")
    email = email.strip().lower()
    if not email:
        raise ProviderRefused("email")
    if provider.kind != "google" and provider.domain and not email.endswith(f"@{provider.domain}"):
        raise ProviderRefused("domain")
    return email


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value if isinstance(value, str) else ""


def _number(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None
