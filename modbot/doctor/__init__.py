"""Looks whether all that modbot needs is there and in order; changes nothing, sends nothing."""

from modbot.doctor.examination import examine
from modbot.doctor.findings import Finding, State
from modbot.doctor.secret_files import secrets

__all__ = ["Finding", "State", "examine", "secrets"]
