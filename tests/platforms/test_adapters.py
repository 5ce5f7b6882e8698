from __future__ import annotations

import subprocess
import sys

import pytest

from modbot.domain import Capability, Page
from modbot.errors import Unreachable
from modbot.ports import Connection
from platforms import ADAPTERS
from tests.fakes import SCHOOL_DAY

SECRETS = dict.fromkeys(
    ("token", "user", "app_password", "client_secret", "refresh_token"), "user:word"
) | {"client_id": "1.apps.googleusercontent.com"}
READ_ONLY = ("feed", "manual")
ASKED = [name for name in ADAPTERS if name != "manual"]  # those with a vendor to ask


@pytest.mark.parametrize("platform", list(ADAPTERS))
def test_every_platform_opens_a_page_without_a_call_and_can_hide_or_says_so(platform: str):
    page = Page(
        id=f"{platform}:1",
        platform=platform,
        external_id="1",
        name="A school",
        base_url="https://vendor.example",
    )
    adapter = ADAPTERS[platform](page, Connection(secrets=SECRETS, now=lambda: SCHOOL_DAY))
    assert adapter.page is page
    both = {Capability.HIDE, Capability.RESTORE}
    assert both & adapter.capabilities == (set() if platform in READ_ONLY else both)


@pytest.mark.parametrize("platform", ASKED)
def test_a_name_that_the_resolver_does_not_find_is_no_answer(platform: str):
    """With the vendor's own client library, and this machine's real resolver."""
    page = Page(
        id=f"{platform}:1",
        platform=platform,
        external_id="1",
        name="A school",
        base_url="https://vendor.invalid",
    )
    told: list[tuple[str, int]] = []
    connection = Connection(
        secrets=SECRETS, now=lambda: SCHOOL_DAY, answered=lambda *call: told.append(call)
    )
    adapter = ADAPTERS[platform](page, connection)
    with pytest.raises(Unreachable) as caught:
        adapter.fetch_since(None)
    assert "user:word" not in str(caught.value), "a secret has no place in an error"
    assert set(told) == {(platform, 0)}, "it is counted"


def test_the_list_of_platforms_loads_no_vendor_client():
    clients = {"facebook", "tweepy", "requests", "googleapiclient", "feedparser"}
    code = f"import sys, platforms; print({clients} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
