from __future__ import annotations

import subprocess
import sys

import pytest

from modbot.domain import Capability, Page
from modbot.ports import Connection
from platforms import ADAPTERS
from tests.fakes import SCHOOL_DAY

SECRETS = dict.fromkeys(
    ("token", "user", "app_password", "client_id", "client_secret", "refresh_token"), "user:word"
)
READ_ONLY = ("feed", "manual")


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


def test_the_list_of_platforms_loads_no_vendor_client():
    clients = {"facebook", "tweepy", "requests", "googleapiclient", "feedparser"}
    code = f"import sys, platforms; print({clients} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
