"""The providers of [sign_in]: what has to be there so that strangers stay out."""

from __future__ import annotations

from pathlib import Path

import pytest

from modbot.errors import BadConfig
from modbot.settings import Settings
from modbot.settings.toml_file import parse

GOOGLE = """
[[sign_in.providers]]
name = "google"
kind = "google"
domain = "lps.example"
client_id = "1-x.apps.googleusercontent.com"
client_secret = "file:/etc/modbot/google.secret"
"""
ENTRA = """
[[sign_in.providers]]
name = "microsoft"
kind = "entra"
tenant = "11111111-2222-3333-4444-555555555555"
client_id = "x"
client_secret = "env:MODBOT_ENTRA_SECRET"
"""


def read(text: str) -> Settings:
    return parse(text.encode(), Path("modbot.toml"), Settings)


def test_providers_stand_one_after_the_other_with_their_issuers() -> None:
    google, entra = read(GOOGLE + ENTRA).sign_in.providers
    assert google.issuer_address == "https://accounts.google.com"
    assert entra.issuer_address == (
        "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0"
    )
    assert (google.shown_label, entra.shown_label) == ("Google", "Microsoft")


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(GOOGLE.replace('domain = "lps.example"\n', ""), "domain", id="any Google"),
        pytest.param(ENTRA.replace("tenant =", "label ="), "tenant", id="any Entra tenant"),
        pytest.param(
            ENTRA.replace("11111111-2222-3333-4444-555555555555", "common"), "tenant", id="common"
        ),
        pytest.param(GOOGLE + GOOGLE, "same name", id="twice"),
        pytest.param(
            GOOGLE.replace("file:/etc/modbot/google.secret", "s3cret"),
            "client_secret",
            id="secret itself",
        ),
        pytest.param(GOOGLE + 'issuer = "http://idp.example"', "https", id="plain http"),
        pytest.param(GOOGLE + 'issuer = "https://u@idp.example"', "address", id="with a user"),
        pytest.param(ENTRA + "viewers = true", "domain", id="viewers of any domain"),
        pytest.param("[sign_in]\npasswords = false", "provider", id="no way in at all"),
        pytest.param('[web]\ntrusted_proxies = ["proxy"]', "IP address", id="a proxy by name"),
        pytest.param('[web]\npublic_address = "https://x/y"', "public_address", id="with a path"),
    ],
)
def test_what_would_let_strangers_in_is_refused(text: str, complaint: str) -> None:
    with pytest.raises(BadConfig) as refused:
        read(text)
    assert complaint in str(refused.value) and "s3cret" not in str(refused.value)
