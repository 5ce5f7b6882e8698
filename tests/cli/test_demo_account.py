"""How the account of `modbot demo --once` reads for a person."""

from __future__ import annotations

from modbot.cli.running import account_lines


def test_every_figure_has_a_line_of_its_own() -> None:
    account = {"comments": 300, "decisions": {"by_category": {"personal_issue": 8}}, "lost": 0}
    assert list(account_lines(account)) == [
        ("comments", 300),
        ("decisions by category personal issue", 8),
        ("lost", 0),
    ]
