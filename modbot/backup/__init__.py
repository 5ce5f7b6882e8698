"""Copies of the database that are known to be good, and putting one back."""

from modbot.backup.checking import Copied, check
from modbot.backup.copying import Progress
from modbot.backup.making import Made, back_up
from modbot.backup.people import Difference, Differs, PeopleRestored
from modbot.backup.restoring import Restored, restore

__all__ = [
    "Copied",
    "Difference",
    "Differs",
    "Made",
    "PeopleRestored",
    "Progress",
    "Restored",
    "back_up",
    "check",
    "restore",
]
