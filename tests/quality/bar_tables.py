"""Section 1 of docs/quality.md: the bars on every corpus."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modbot.domain import Category
from tests.quality.bars import (
    BARS,
    CATEGORY_BARS,
    GAP,
    PRECISION,
    Bar,
    LanguageGap,
    language_gap,
)
from tests.quality.cases import LANGUAGES, MODES, Case, Corpus, held_out, joined
from tests.quality.markdown import rate, table

MET, MISSED = "met", "**MISSED**"
_INTRO = """\
Right is what the labels say, by the policy's labelling guide. `officials_insult` is the switch
of `config/policy.toml` for insults to officials without a swear word; the corpora are labelled
as with "hide", and the program ships with "review", where such insults count as not hidden. To
hide are the rows with the action hide, and threats. In brackets: the counts, and the 95 %
interval (Wilson) in percent. A bar is met or missed by the share itself; the interval says how
sure that is. Every row was written for this project, none was taken from a page.
dev.jsonl and those whose names begin with tuning were at hand when rules and thresholds were made
and the score of insults was calibrated, so their figures flatter; the others are for tests only.
Who wrote apart.jsonl, disguised.jsonl and the files for tuning had seen dev.jsonl and the labelling
guide, and nothing of modbot. apart.jsonl has the mix of dev.jsonl, tuning.jsonl far more insults;
daily.jsonl, harm.jsonl and speech.jsonl are harder than both: mostly what is said by hint, and
what only looks like it."""


def bars_section(corpora: Sequence[Corpus]) -> str:
    """Every corpus, then all test files together where there are several."""
    tests = held_out(corpora)
    shown = [*corpora, *([joined(tests, "All test files together")] if len(tests) > 1 else [])]
    notes = [_INTRO] if tests else [_INTRO, "There is no test file yet."]
    return "\n\n".join([*notes, *(_corpus(corpus) for corpus in shown)])


def missed_bars(corpus: Corpus) -> list[str]:
    """The names of the bars that the corpus misses, with the switch at which it does."""
    found = []
    for mode in MODES:
        cases = corpus.cases(mode)
        names = [bar.name for bar in BARS if bar.met(bar.measure(cases)) is False]
        gap = language_gap(cases)
        names += ["Spanish as English"] if gap and not gap.met else []
        found += [f'{name} (officials_insult "{mode}")' for name in names]
    return found


def verdict(met: bool | None) -> str:
    return "" if met is None else MET if met else MISSED


def _corpus(corpus: Corpus) -> str:
    by_mode = {mode: corpus.cases(mode) for mode in MODES}
    labelled = by_mode["hide"]
    languages = [lang for lang in LANGUAGES if any(c.row.lang == lang for c in labelled)]
    columns = [f'officials_insult "{mode}"' for mode in MODES]
    return "\n\n".join(
        [
            f"### {corpus.name}: {len(corpus.rows):,} rows",
            table(
                ["what", "bar", *columns],
                [*_bar_rows(list(by_mode.values())), _gap_row(list(by_mode.values()))],
            ),
            'By language, with officials_insult "hide":',
            table(["what", "bar", *languages], _bar_rows(_by_language(labelled, languages))),
            *(_category_part(cases, mode) for mode, cases in by_mode.items()),
        ]
    )


def _by_language(cases: Sequence[Case], languages: Sequence[str]) -> list[list[Case]]:
    return [[case for case in cases if case.row.lang == lang] for lang in languages]


def _bar_rows(groups: Sequence[Sequence[Case]]) -> Iterator[list[str]]:
    for bar in BARS:
        yield [bar.name, bar.says, *(_cell(bar, cases) for cases in groups)]


def _cell(bar: Bar, cases: Sequence[Case]) -> str:
    share = bar.measure(cases)
    return f"{rate(share)} {verdict(bar.met(share))}".rstrip()


def _gap_row(groups: Sequence[Sequence[Case]]) -> list[str]:
    says = f"≥ −{100 * GAP:g} points"
    cells = [_gap_cell(language_gap(cases)) for cases in groups]
    return ["to hide: hidden in Spanish less in English", says, *cells]


def _gap_cell(gap: LanguageGap | None) -> str:
    if gap is None:
        return "no rows"
    low, high = gap.interval
    between = f"{100 * low:+.1f} to {100 * high:+.1f}"
    return f"{100 * gap.difference:+.1f} points ({between}) {verdict(gap.met)}"


def _category_part(cases: Sequence[Case], mode: str) -> str:
    columns = [f"{bar.name} ({bar.says})" for bar in (*CATEGORY_BARS, PRECISION)]
    rows = []
    for category in Category:
        carrying = [case for case in cases if category in case.row.categories]
        found = [case for case in cases if category in case.decision.categories]
        cells = [_cell(bar, carrying) for bar in CATEGORY_BARS]
        rows.append([category.value, len(carrying), *cells, _cell(PRECISION, found)])
    says = f'By category, with officials_insult "{mode}":'
    return f"{says}\n\n{table(['category', 'rows', *columns], rows)}"
