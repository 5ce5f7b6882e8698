"""How people sign in: passwords, and the providers of the district."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from modbot.settings.section import Section, as_tuple

GOOGLE = "https://accounts.google.com"
ENTRA = "https://login.microsoftonline.com"
_GUID = r"^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$"
_DOMAIN = r"^([0-9a-z]([0-9a-z-]{0,62})(\.[0-9a-z][0-9a-z-]{0,62})+)?$"


def _issuer(address: str) -> str:
    """https only, or this machine; exactly as the provider writes it."""
    if not address:
        return address
    try:
        url = urlsplit(address)
        host, _ = url.hostname or "", url.port
    except ValueError:
        raise ValueError("is not a web address") from None
    if url.scheme != "https" and not (url.scheme == "http" and on_this_machine(host)):
        raise ValueError("must begin with https://")
    if not host or url.query or url.fragment or "@" in url.netloc:
        raise ValueError("must be an address without user, ? and #")
    return address


def on_this_machine(host: str) -> bool:
    """Whether a host name or address is the loopback's."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class ProviderSection(Section):
    """One sign-in provider of the district (OpenID Connect)."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")  # in addresses: /oidc/NAME
    label: str = Field("", max_length=60)  # on the button; empty: the kind's
    kind: Literal["google", "entra", "other"]
    client_id: str = Field(min_length=1, max_length=300, pattern=r"^[\x21-\x7e]+$")
    client_secret: str = Field(pattern=r"^(env|file):[^\x00-\x1f]{1,1000}$")
    issuer: Annotated[str, AfterValidator(_issuer)] = Field("", max_length=300)
    domain: str = Field("", max_length=253, pattern=_DOMAIN)  # of the district's addresses
    tenant: str = Field("", pattern=_GUID)  # entra: the directory's id, never "common"
    viewers: bool = False  # whoever has an address of the domain comes in as a viewer

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "google" and not self.domain:
            raise ValueError("google needs domain: any Google account could sign in otherwise")
        if self.kind == "entra" and not self.tenant:
            raise ValueError("entra needs tenant: the id of the district's directory")
        if self.kind == "other" and not self.issuer:
            raise ValueError("needs issuer")
        if self.viewers and not self.domain:
            raise ValueError("viewers needs domain")
        return self

    @property
    def issuer_address(self) -> str:
        """What its tokens must say of who made them."""
        known = {"google": GOOGLE, "entra": f"{ENTRA}/{self.tenant}/v2.0", "other": ""}
        return self.issuer or known[self.kind]

    @property
    def shown_label(self) -> str:
        """What its button says."""
        return (
            self.label or {"google": "Google", "entra": "Microsoft", "other": self.name}[self.kind]
        )


class SignInSection(Section):
    """How people sign in, and how long that lasts."""

    passwords: bool = True  # false: with a provider only; links of `modbot people link` still work
    idle_minutes: float = Field(30, ge=1, le=24 * 60)  # without a request
    session_hours: float = Field(12, ge=0.1, le=24 * 7)  # whatever is done
    invitation_days: float = Field(7, ge=0.01, le=60)  # how long a link works
    providers: Annotated[tuple[ProviderSection, ...], BeforeValidator(as_tuple)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        if len({each.name for each in self.providers}) < len(self.providers):
            raise ValueError("two providers have the same name")
        if not self.passwords and not self.providers:
            raise ValueError("passwords may be off only where there is a provider")
        return self
