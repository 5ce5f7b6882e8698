"""`modbot tune`: thresholds from what people upheld and overruled. Changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import answer, print_table
from modbot.cli.drawing import bar, plot
from modbot.cli.record import open_record
from modbot.cli.surroundings import ConfigOption, JsonOption, load, parse_day
from modbot.domain import Category

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.intervals import Share
    from modbot.policy import Policy
    from modbot.tuning import Advice, Point, Verdicts

_ROWS = 12  # of a curve, in its table


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command("tune")(tune)


def tune(
    ctx: typer.Context,
    category: Annotated[
        Category | None, typer.Argument(help="Only this category; else each that was reviewed.")
    ] = None,
    precision: Annotated[
        float,
        typer.Option(min=0.5, max=0.999, help="The share of what is hidden that has to be right."),
    ] = 0.97,
    review_precision: Annotated[
        float, typer.Option(min=0.05, max=0.999, help="The same of what only goes to a person.")
    ] = 0.5,
    since: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Decided on or after this day (UTC).")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draw precision and recall against the threshold, and propose one for policy.toml."""
    from modbot import tuning

    found = load(ctx, config)
    with open_record(found.settings.database) as database:
        verdicts = tuning.read_verdicts(database, since=parse_day(since))
    wanted = _advice(verdicts, found.policy, category, precision, review_precision)
    payload = {
        "precision_wanted": precision,
        "review_precision_wanted": review_precision,
        "reviewed": verdicts.comments,
        "undecided": verdicts.undecided,
        "breaches_without_signal": verdicts.without_signal,
        "note": tuning.BIAS,
        "advice": [_fields(advice, found.policy) for advice in wanted],
    }
    answer(
        payload,
        as_json=as_json,
        tell=lambda console: _tell(console, verdicts, wanted, found.policy),
    )


def _advice(
    verdicts: Verdicts,
    policy: Policy,
    category: Category | None,
    precision: float,
    review_precision: float,
) -> list[Advice]:
    """Advice on each threshold whose scores people's verdicts say something of."""
    from modbot.tuning import Threshold, advise

    seen = {(r.category, r.source) for r in verdicts.reviewed}
    return [
        advise(
            verdicts,
            each,
            threshold,
            policy.categories[each],
            precision if threshold.hides else review_precision,
        )
        for each in Category
        for threshold in Threshold
        if (each, threshold.source) in seen and category in (None, each)
    ]


def _share(share: Share) -> dict[str, Any]:
    low, high = share.interval
    return {"right": share.right, "of": share.of, "share": share.value, "low": low, "high": high}


def _point(point: Point | None) -> dict[str, Any] | None:
    if point is None:
        return None
    return {
        "threshold": point.threshold,
        "precision": _share(point.precision),
        "recall": _share(point.recall),
    }


def _fields(advice: Advice, policy: Policy) -> dict[str, Any]:
    from modbot.tuning import toml_lines

    return {
        "category": advice.category.value,
        "source": advice.threshold.source.value,
        "key": f"{advice.category.value}.{advice.threshold}",
        "precision_wanted": advice.wanted,
        "outcome": advice.outcome.value,
        "reviewed": advice.reviewed,
        "needed_without_fault": advice.needed,
        "now": _point(advice.now),
        "proposed": _point(advice.chosen),
        "likely": _point(advice.likely),
        "by_language": {name: _share(share) for name, share in advice.by_language.items()},
        "toml": toml_lines(advice, policy.categories[advice.category]),
        "curve": [_point(point) for point in advice.points],
    }


def _tell(console: Console, verdicts: Verdicts, wanted: Sequence[Advice], policy: Policy) -> None:
    from modbot.tuning import BIAS

    console.print(f"{verdicts.comments} comments on which a person gave a verdict.")
    if verdicts.undecided:
        console.print(f"{verdicts.undecided} of them are still in review and say nothing.")
    if verdicts.without_signal:
        console.print(f"{verdicts.without_signal} were breaches in which nothing had been found.")
    for advice in wanted:
        _tell_advice(console, advice, policy, verdicts.other_reason[advice.category])
    if not wanted:
        console.print("Too few reviewed decisions: nothing can be drawn or proposed.")
    console.print(BIAS)


def _tell_advice(console: Console, advice: Advice, policy: Policy, other: int) -> None:
    name = f"{advice.category.value}.{advice.threshold}"
    source = advice.threshold.source.value
    console.print(f"\n{name}: {advice.reviewed} reviewed, by score of {source}")
    if other:
        console.print(f"{other} more were breaches, but perhaps of another category: left out.")
    precision = [(p.threshold, p.precision.value or 0.0) for p in advice.points]
    recall = [(p.threshold, p.recall.value or 0.0) for p in advice.points]
    console.print("● precision   ○ recall   * both   (across: the threshold)")
    for line in plot({"●": precision, "○": recall}):
        console.print(line, soft_wrap=True)
    print_table(
        console,
        "Thresholds",
        ("threshold", "past it", "right", "precision", "95 %", "recall", ""),
        (_row(point) for point in _some(advice.points)),
    )
    if len(advice.by_language) > 1:
        shares = (
            (language, s.of, s.right, s.value, s.between, bar(s.value or 0.0, 1.0, 20))
            for language, s in sorted(advice.by_language.items())
        )
        title = f"By language, past {_shown(advice).threshold}"
        print_table(
            console, title, ("language", "past it", "right", "precision", "95 %", ""), shares
        )
    _tell_outcome(console, advice, name, policy)


def _shown(advice: Advice) -> Point:
    return advice.chosen or advice.likely or advice.now


def _tell_outcome(console: Console, advice: Advice, name: str, policy: Policy) -> None:
    from modbot.tuning import Outcome, toml_lines

    now = advice.now
    reached = "no reviewed comment is past it" if now.precision.of == 0 else _words(now.precision)
    console.print(f"In force: {name} = {now.threshold}: {reached}.")
    if advice.outcome is Outcome.PROPOSED and advice.chosen is not None:
        console.print(
            f"Proposed for a precision of {advice.wanted}: {_words(advice.chosen.precision)}."
            " Put into policy.toml, after `modbot replay`:"
        )
        for line in toml_lines(advice, policy.categories[advice.category]):
            console.print(f"    {line}", soft_wrap=True)
        return
    if advice.outcome is Outcome.TOO_FEW:
        console.print(
            f"Too few reviewed decisions to propose any: {advice.reviewed}; to prove a precision of"
            f" {advice.wanted} it takes {advice.needed} past a threshold without a fault."
        )
    else:
        console.print(f"No threshold is proven to reach a precision of {advice.wanted}.")
    if advice.likely is not None:
        point = advice.likely
        console.print(f"Likely, but not proven: {point.threshold}: {_words(point.precision)}.")


def _words(share: Share) -> str:
    return f"{share.right} of {share.of} right ({share.between})"


def _row(point: Point) -> tuple[object, ...]:
    share = point.precision
    drawn = bar(share.value or 0.0, 1.0, 20)
    return (
        point.threshold,
        share.of,
        share.right,
        share.value,
        share.between,
        point.recall.value,
        drawn,
    )


def _some(points: Sequence[Point]) -> list[Point]:
    """Not more than a screen of them, the ends included."""
    if len(points) <= _ROWS:
        return list(points)
    step = (len(points) - 1) / (_ROWS - 1)
    return [points[round(number * step)] for number in range(_ROWS)]
