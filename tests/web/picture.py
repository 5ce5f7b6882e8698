"""Takes the README's picture of the log page: the demo's day, judged by the shipped rules.

Run: python -m tests.web.picture [--out docs/pictures/log.png] [--path "/log?before=129"]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from modbot.clocks import SteppedClock
from modbot.demo.once import POLL_SECONDS, play
from modbot.demo.stage import day_begins, demo_feed, paced, set_stage
from modbot.people import Role
from modbot.settings import load_config
from tests.web.chromium import chromium, profile
from tests.web.serving import served
from tests.web.signed_in import signed_in


def take(
    address: str,
    out: Path,
    *,
    token: str = "",
    width: int = 1440,
    height: int = 1100,
    scheme: str = "light",
    locale: str = "en-US",
    whole: bool = False,
) -> None:
    """A picture of one page."""
    with chromium() as browser:
        size = {"width": width, "height": height}
        options = {"viewport": size, "color_scheme": scheme, "locale": locale}
        page = profile(browser, address, token, **options).new_page()
        page.goto(address)
        page.screenshot(path=out, full_page=whole)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=Path("docs/pictures/log.png"))
    arguments.add_argument("--path", default="/log?before=129")
    arguments.add_argument("--width", type=int, default=1200)
    arguments.add_argument("--height", type=int, default=1150)
    arguments.add_argument("--scheme", choices=["light", "dark"], default="light")
    arguments.add_argument("--locale", default="en-US")
    arguments.add_argument("--whole", action="store_true", help="the page to its end")
    chosen = arguments.parse_args()
    feed = demo_feed()
    clock = SteppedClock(day_begins(feed))
    config = paced(load_config(None), least_seconds=POLL_SECONDS)
    with (
        tempfile.TemporaryDirectory() as folder,
        set_stage(config, feed, clock, Path(folder)) as stage,
    ):
        play(stage, clock)
        with served(stage.service) as address:
            take(
                address + chosen.path,
                chosen.out,
                token=signed_in(stage.service, Role.MANAGER),
                width=chosen.width,
                height=chosen.height,
                scheme=chosen.scheme,
                locale=chosen.locale,
                whole=chosen.whole,
            )


if __name__ == "__main__":
    main()
