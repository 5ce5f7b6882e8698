"""Offers of approved fundraisers: which are cleared, and which only look like one."""

from classifiers.fundraisers.judging import Finding, Offer, judge_offer
from classifiers.fundraisers.names import is_named, speaks_of, words

__all__ = ["Finding", "Offer", "is_named", "judge_offer", "speaks_of", "words"]
