from __future__ import annotations

import subprocess
import sys

import pytest

from modbot.domain import Capability, Page
from modbot.ports import Connection
from platforms import ADAPTERS
from tests.fakes import SCHOOL_DAY

SECRETS = {"token": "user:word", "user": "user", "app_password": "word"}


@pytest.mark.parametrize("platform", list(ADAPTERS))
def test_every_platform_opens_a_page_without_a_call_and_can_hide(platform: str):
    page = Page(
        id=f"{platform}:1",
        platform=platform,
        external_id="1",
        name="A school",
        base_url="https://vendor.example",
    )
    adapter = ADAPTERS[platform](page, Connection(secrets=SECRETS, now=lambda: SCHOOL_DAY))
    assert adapter.page is page
    assert {Capability.HIDE, Capability.RESTORE} <= adapter.capabilities


def test_the_list_of_platforms_loads_no_vendor_client():
    code = "import sys, platforms; print({'facebook', 'tweepy', 'requests'} & set(sys.modules))"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "set()"
