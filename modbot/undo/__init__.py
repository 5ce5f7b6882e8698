"""Taking back together what a rule, a model version or a person did: seen beforehand, carried out
at the platforms' pace, with a receipt for each comment."""

from modbot.undo.carrying import carry_on
from modbot.undo.plan import ACTS, Plan
from modbot.undo.preview import Planned, Preview, Rights, look
from modbot.undo.receipts import Outcome
from modbot.undo.runs import PreviewChanged, Request, change_state, start
from modbot.undo.single import take_back_one

__all__ = [
    "ACTS",
    "Outcome",
    "Plan",
    "Planned",
    "Preview",
    "PreviewChanged",
    "Request",
    "Rights",
    "carry_on",
    "change_state",
    "look",
    "start",
    "take_back_one",
]
