"""Signed checkpoints of the record, kept where an intruder on this machine does not get at them."""

from modbot.checkpoints.daily import Checkpoints, Outcome
from modbot.checkpoints.delivery import Destination, Mailbox, destinations
from modbot.checkpoints.signed import Checkpoint, SigningKey, new_key, parse, read_all, sign

__all__ = [
    "Checkpoint",
    "Checkpoints",
    "Destination",
    "Mailbox",
    "Outcome",
    "SigningKey",
    "destinations",
    "new_key",
    "parse",
    "read_all",
    "sign",
]
