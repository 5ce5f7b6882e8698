"""How the first person gets in, and that nobody runs a district on the demo's database."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from modbot.cli.answers import EXIT_BAD_CONFIG, CommandFailed

if TYPE_CHECKING:
    from modbot.settings import Config
    from modbot.store import Database


def refuse_demo(database: Database) -> None:
    """Raises CommandFailed on a database that a link signs in to."""
    from modbot.people.demo import is_demo

    with database.read() as s:
        if is_demo(s):
            raise CommandFailed(
                f"{database.name} is the demo's: anybody with its link gets in; name another",
                exit_code=EXIT_BAD_CONFIG,
            )


def tell_first_link(database: Database, config: Config, address: str) -> None:
    """Prints the link that makes the first admin, while there is nobody."""
    from modbot.cli.surroundings import utc_now
    from modbot.people.invitations import FIRST_HOURS, first_link

    with database.write() as s:
        token = first_link(s, utc_now())
    if token is not None:
        sys.stdout.write(
            f"Nobody can sign in yet. Make the first administrator within {FIRST_HOURS} hours:\n"
            f"{link_base(config, address)}/first/{token}\n"
        )
        sys.stdout.flush()


def link_base(config: Config, address: str = "") -> str:
    """What links begin with: the public address, else that of the running page."""
    web = config.settings.web
    host = f"[{web.host}]" if ":" in web.host else web.host
    return web.public_address or address.rstrip("/") or f"http://{host}:{web.port}"
