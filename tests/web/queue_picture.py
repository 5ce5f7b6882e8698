"""Takes the documents' picture of the queue: a school day that left twenty comments waiting.

Run: python -m tests.web.queue_picture [--out docs/pictures/queue.png]
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from modbot.people import Role
from tests.web.picture import take
from tests.web.picture_room import named
from tests.web.queue_day import open_queue_day
from tests.web.serving import served
from tests.web.signed_in import signed_in


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--out", type=Path, default=Path("docs/pictures/queue.png"))
    arguments.add_argument("--path", default="/queue/18")
    chosen = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        service = named(open_queue_day(Path(folder)))
        with served(service) as address:
            token = signed_in(service, Role.MANAGER, name="Ana Ruiz")
            take(address + chosen.path, chosen.out, token=token, width=1280, height=1180)
        service.database.close()


if __name__ == "__main__":
    main()
