"""Looks whether all that modbot needs is there and in order; changes nothing, sends nothing."""

from modbot.doctor.examination import examine
from modbot.doctor.findings import Finding, State

__all__ = ["Finding", "State", "examine"]
