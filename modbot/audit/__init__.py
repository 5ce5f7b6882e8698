"""The record that cannot be changed unseen: append-only, hash-chained, checked by verify()."""

from modbot.audit.chain import Entry, Head, append, head
from modbot.audit.evidence import evidence_sha256
from modbot.audit.findings import Problem, Report
from modbot.audit.parallel import helping
from modbot.audit.verification import verify

__all__ = [
    "Entry",
    "Head",
    "Problem",
    "Report",
    "append",
    "evidence_sha256",
    "head",
    "helping",
    "verify",
]
