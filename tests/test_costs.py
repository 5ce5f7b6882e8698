"""The table of costs in docs/platforms.md is what the stand-ins measure today."""

from __future__ import annotations

import pytest

from tests.benchmarks.bench_costs import DOCUMENT, PLATFORMS, table
from tests.benchmarks.costs import HIDES, measured, measured_feed

# A morning of one platform is watched by everybody; those of the others before a landing.
AT_ONCE = "youtube"


@pytest.mark.parametrize(
    "platform",
    [
        pytest.param(each, marks=() if each == AT_ONCE else pytest.mark.campaigns)
        for each in PLATFORMS
    ],
)
def test_a_page_with_25_posts_costs_what_the_document_says(platform: str) -> None:
    costs = measured(platform)
    quiet, reading, hiding = costs.naive
    assert quiet >= 10 * costs.quiet_poll
    assert reading >= 10 * costs.reading
    assert costs.hiding is not None
    assert costs.hiding <= HIDES * 1.2 and costs.hiding < hiding
    assert reading + hiding >= 10 * (costs.reading + costs.hiding)
    row = table([costs], 1).splitlines()[2]
    assert row in DOCUMENT.read_text("utf-8"), "run `python -m tests.benchmarks.bench_costs`"


def test_a_quiet_feed_is_one_call() -> None:
    assert measured_feed() == 1
    assert table([], 1).splitlines()[-1] in DOCUMENT.read_text("utf-8")
