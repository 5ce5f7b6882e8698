"""Alerts to Slack and to SMS gateways: to the vendor's own address over TLS, through a proxy that
leads to a server on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import unquote_plus

import pytest

from tests.certificate import make_certificate
from tests.connect_proxy import connect_proxy
from tests.hook_server import hook_server
from tests.test_alert_delivery import SECRET, TEXT, send, trusted

__all__ = ["trusted"]
SID = "AC" + "0" * 32
# The addresses as docs/operate.md gives them, and the vendors' hosts that apprise has built in.
VENDORS = (
    (f"https://hooks.slack.com/services/T1JJ3T3L2/A1BRTD4JD/{SECRET}xyz", "hooks.slack.com"),
    (f"twilio://{SID}:{SECRET}@15005550006/19785550100", "api.twilio.com"),
)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that the vendors' names stand in."""
    return make_certificate(tmp_path_factory.mktemp("vendors"), *(host for _, host in VENDORS))


@pytest.mark.parametrize(("url", "host"), VENDORS, ids=["Slack", "SMS by Twilio"])
def test_it_reaches_a_vendor_by_the_address_that_the_vendor_gives(
    url: str, host: str, trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with hook_server(certificate=trusted) as server, connect_proxy(server.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert "inside the network" in send(url, local=()), "a proxy here has to be named"
        assert proxy.asked == []
        assert send(url) == ""
        assert proxy.asked == [f"{host}:443"]
    said = unquote_plus(server.taken[0].decode())
    assert "modbot: Threat" in said and "Look now." in said
    assert ("To=+19785550100" in said) is (host == "api.twilio.com")


def test_a_vendor_that_cannot_prove_its_name_gets_nothing(
    trusted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = VENDORS[0][0].replace("hooks.slack.com", "hooks.slack-gov.com")
    with hook_server(certificate=trusted) as server, connect_proxy(server.port) as proxy:
        monkeypatch.setenv("HTTPS_PROXY", proxy.url)
        assert send(url) != ""
        assert proxy.asked == ["hooks.slack-gov.com:443"] and server.taken == []


def test_an_sms_gateway_of_any_kind_takes_it_as_json(trusted: Path) -> None:
    with hook_server(certificate=trusted) as server:
        assert send(f"jsons://modbot:{SECRET}@localhost:{server.port}/sms") == ""
    head, _, body = server.taken[0].decode().partition("\n\n")
    assert "Authorization: Basic" in head
    assert json.loads(body)["title"] == TEXT.title and "Look now." in json.loads(body)["message"]
