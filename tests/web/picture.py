"""Takes the documents' pictures of the log, one comment and an undo: the demo's day, judged by the
shipped rules.

Run: python -m tests.web.picture [--folder docs/pictures] [--scheme dark] [--locale es-US]
"""

from __future__ import annotations

import argparse
import re
import tempfile
from html import unescape
from pathlib import Path

import requests

from modbot.clocks import SteppedClock
from modbot.demo.once import POLL_SECONDS, play
from modbot.demo.stage import day_begins, demo_feed, paced, set_stage
from modbot.people import Role
from modbot.settings import load_config
from tests.web.chromium import chromium, profile
from tests.web.serving import served
from tests.web.signed_in import signed_in

# Each with the first of these links that the page has, where the page itself is not meant.
PICTURES = {
    "log.png": ("/log?verdict=hide", ""),
    "comment.png": ("/log?verdict=hide&category=sales", r'href="(/decisions/\d+)'),
    "undo.png": ("/undo", r'href="(/undo/preview\?[^"]+)'),  # of who did most: the model
}


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


def first_link(address: str, pattern: str, token: str) -> str:
    """The path of the first link of a page that looks like this."""
    html = requests.get(address, cookies={"modbot": token}, timeout=30).text
    return unescape(re.findall(pattern, html)[0])


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, default=Path("docs/pictures"))
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
            token = signed_in(stage.service, Role.MANAGER, name="Ana Ruiz")
            for name, (path, link) in PICTURES.items():
                if link:
                    path = first_link(address + path, link, token)
                take(
                    address + path,
                    chosen.folder / name,
                    token=token,
                    width=chosen.width,
                    height=chosen.height,
                    scheme=chosen.scheme,
                    locale=chosen.locale,
                    whole=chosen.whole,
                )


if __name__ == "__main__":
    main()
