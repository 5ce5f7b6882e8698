"""Takes the pictures of the list of pages and of a fundraiser, in a district of the tests.

Run: python -m tests.web.picture_places [--folder docs/pictures]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from modbot.people import Role
from tests.web.chromium import chromium, profile
from tests.web.district import fill, open_district
from tests.web.serving import served
from tests.web.signed_in import signed_in

PICTURES = {"pages.png": "/pages", "fundraiser.png": "/fundraisers/1"}


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--folder", type=Path, default=Path("docs/pictures"))
    chosen = arguments.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_district(Path(folder)) as district,
        chromium() as browser,
    ):
        fill(district)
        token = signed_in(district.service, Role.ADMIN, name="Maria Santos")
        size = {"width": 1200, "height": 1100}
        with served(district.service) as address:
            page = profile(browser, address, token, viewport=size).new_page()
            for name, path in PICTURES.items():
                page.goto(address + path)
                page.screenshot(path=chosen.folder / name)


if __name__ == "__main__":
    main()
