"""What would have changed a verdict, as commands tell it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from modbot.plain_text import one_line

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.counterfactual import Change


def tell_changes(console: Console, changes: Sequence[Change] | None) -> None:
    """One line a change; nothing where no single change would have done it."""
    from modbot.counterfactual import sentence

    if changes is None:
        console.print("It was decided under other switches than today's policy has.")
    elif changes:
        console.print("What would have changed it, each alone:")
        for change in changes:
            console.print(f"  {one_line(sentence(change))}", soft_wrap=True)


def change_fields(changes: Sequence[Change] | None) -> list[dict[str, Any]] | None:
    """For JSON; None where nothing can be said."""
    from modbot.counterfactual import sentence

    if changes is None:
        return None
    return [{**asdict(change), "sentence": sentence(change)} for change in changes]
