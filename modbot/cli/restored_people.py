"""What `modbot restore` says of the people in the backup."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from modbot.cli.answers import print_table

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.backup import Difference, PeopleRestored

# What is so: by default, and with --people-as-in-backup.
_SAID = {
    "enabled": ("disabled since the backup: stays disabled", "ENABLED AGAIN, disabled since"),
    "raised": ("had more in the backup: is what it is now", "HAS MORE AGAIN than before"),
    "password": ("another password since: that one counts", "THE PASSWORD OF THEN works again"),
    "provider": ("the sign-in of then is not known: taken out", "THE SIGN-IN OF THEN works again"),
    "disabled": ("enabled since the backup: is disabled again",) * 2,
    "lowered": ("given more since the backup: has what it had then",) * 2,
}


def tell_people(console: Console, people: PeopleRestored) -> None:
    """Who differs from the database of before, who is missing, and whether anybody can administer;
    plainly, since a restore may let people in."""
    if not people.compared:
        console.print(
            "No database was here to compare people with: whoever was disabled or lowered after "
            "the backup is as before. Look at `modbot people list`.",
            soft_wrap=True,
        )
    if people.differ:
        rows = ((*_who(each), *_said(each, people)) for each in people.differ)
        print_table(console, "People who differ", ("person", "address", "now", "why"), rows)
    if people.not_in_backup:
        console.print(
            f"Not in the backup, to be invited again: {', '.join(people.not_in_backup)}",
            soft_wrap=True,
            markup=False,
        )
    if not people.administrators:
        console.print(
            "NOBODY is an administrator now. Restore it with --people-as-in-backup, or invite one: "
            "modbot people invite ADDRESS --role admin",
            soft_wrap=True,
        )


def _who(each: Difference) -> Iterator[str]:
    yield each.person
    yield each.email
    yield f"{each.role}, disabled" if each.disabled else each.role


def _said(each: Difference, people: PeopleRestored) -> Iterator[str]:
    yield "; ".join(_SAID[how][people.as_in_backup] for how in each.how)
