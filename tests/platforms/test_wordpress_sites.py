"""Several sites of one WordPress network: the site is in the page's address, the account is one."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modbot.errors import MissingScope
from modbot.ports import Connection
from platforms.wordpress import WordPressAdapter
from tests.fakes import ManualClock
from tests.platforms.loopback import Call, LoopbackServer, Reply
from tests.platforms.scripted_wordpress import Site, json_reply, site_page

SECRETS = {"user": "bot", "app_password": "hush"}


class Network:
    """Sites in folders; the bot is an editor of all but `closed`."""

    def __init__(self) -> None:
        self.sites = {
            "": Site(range(1, 4)),
            "/lincoln": Site(range(1, 6)),
            "/closed": Site(range(1)),
        }

    def __call__(self, call: Call) -> Reply:
        folder, _, path = call.target.partition("/wp-json/")
        if folder == "/closed":
            return json_reply({"code": "rest_forbidden_context", "message": "no"}, 403)
        return self.sites[folder](replace(call, target=f"/wp-json/{path}"))


def adapter_of(url: str, folder: str) -> WordPressAdapter:
    connection = Connection(secrets=SECRETS, now=ManualClock().now)
    return WordPressAdapter(site_page(f"{url}{folder}"), connection)


def test_each_site_of_a_network_is_a_page_of_its_own_under_one_account() -> None:
    network = Network()
    with LoopbackServer(network) as server:
        main, lincoln = adapter_of(server.url, ""), adapter_of(server.url, "/lincoln/")
        assert len(main.fetch_since(None).comments) == 3
        assert len(lincoln.fetch_since(None).comments) == 5
        lincoln.hide("2")
        assert lincoln.hide_many(["3", "9"])["3"] is None
    states = {folder: site.items for folder, site in network.sites.items()}
    assert [states["/lincoln"][n]["status"] for n in (1, 2, 3)] == ["approved", "hold", "hold"]
    assert {item["status"] for item in states[""].values()} == {"approved"}
    shown = {call.headers["Authorization"] for call in server.calls}
    assert len(shown) == 1, "one credential for all"


def test_a_site_that_the_account_is_no_editor_of_says_so_and_leaves_the_others_alone() -> None:
    with LoopbackServer(Network()) as server:
        with pytest.raises(MissingScope):
            adapter_of(server.url, "/closed").fetch_since(None)
        assert adapter_of(server.url, "").fetch_since(None).comments
