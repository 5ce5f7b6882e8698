"""Whether rules and thresholds treat every side alike, spare innocent words and name nobody."""

from modbot.fairness.checks import Finding, Kind, Report, check_rules
from modbot.fairness.texts import Examples, load_examples

__all__ = ["Examples", "Finding", "Kind", "Report", "check_rules", "load_examples"]
