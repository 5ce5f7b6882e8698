"""Offers of approved fundraisers: which are cleared, and which only look like one."""

from classifiers.fundraisers.judging import Finding, Offer, judge_offer, only_offers_goods_of
from classifiers.fundraisers.names import is_named, speaks_of, words
from classifiers.fundraisers.own_deals import gives_a_way_to_pay, speaks_of_own

__all__ = [
    "Finding",
    "Offer",
    "gives_a_way_to_pay",
    "is_named",
    "judge_offer",
    "only_offers_goods_of",
    "speaks_of",
    "speaks_of_own",
    "words",
]
