"""What Retry-After asks for, in both of its forms and in none."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest

from platforms.gate import retry_after_seconds

NOW = datetime(2026, 9, 9, 12, tzinfo=UTC)
LATER = format_datetime(datetime(2026, 9, 9, 12, 2, tzinfo=UTC), usegmt=True)
AHEAD = format_datetime(datetime(2026, 9, 9, 12, 1, tzinfo=UTC), usegmt=True)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        ({"Retry-After": "0"}, 1.0),
        ({"Retry-After": "9" * 400}, 31 * 24 * 3600.0),
        ({"Retry-After": LATER}, 120.0),
        pytest.param({"Retry-After": LATER, "Date": AHEAD}, 60.0, id="by the sender's clock"),
        ({"Retry-After": "Wed, 09 Sep 2020 12:00:00 GMT"}, 1.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "\u0661\u0662"}, None),
        ({"Retry-After": ""}, None),
        ({}, None),
    ],
)
def test_retry_after_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_seconds(headers, NOW) == seconds
