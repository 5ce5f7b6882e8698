"""Section 2 of docs/quality.md: what happens to harmless comments that name a group of people."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from classifiers.labels import policy_score
from modbot.domain import Category, Verdict
from modbot.evaluation import PolicyRow
from modbot.intervals import Share
from tests.quality.bars import harmless, hidden
from tests.quality.cases import Case, Corpus, Mode, Scores
from tests.quality.markdown import figure, rate, table

# Patterns for whole words of English, Spanish and Portuguese, small letters without accents.
GROUPS: Final = {
    "gay, lesbian, bisexual": r"gays?|lesbians?|lesbianas?|lesbicas?|bisexual(?:es)?|bi|queer"
    r"|lgbt\w*|pride (?:month|flag|club)|orgullo gay|homosexual(?:es)?|homosexuals|homossexua\w+",
    "transgender, non-binary": r"trans|transgender|transgenero|transexual(?:es)?|non ?-?binary"
    r"|no binari[oa]s?|nao binari[oa]s?|enby|they/them|elle",
    "Black": r"black (?:\w+ )?(?:people|famil\w+|kids?|child\w*|boys?|girls?|students?|teachers?"
    r"|m[ae]n|wom[ae]n|moms?|dads?|history|parents?|lives|community|educators?|voices?|hair)"
    r"|african.?americans?|afro\w*|(?:los|las|gente|mujer(?:es)?|hombres?|ninos?|ninas?)"
    r" negr[oa]s?|moren[oa]s?|(?:mulher(?:es)?|homens?|criancas?) negr[oa]s?|prietit[oa]s?",
    "white": r"white (?:people|famil\w+|kids?|child\w*|boys?|girls?|students?|teachers?|m[ae]n"
    r"|wom[ae]n|folks?)|caucasians?|(?:gente|mujer(?:es)?|hombres?) blanc[oa]s?|gring[oa]s?",
    "Latino, Hispanic": r"latin[oaxe]s?|latines|hispanics?|hispan[oa]s?|latinoamerican[oa]s?",
    "Dominican": r"dominican[oa]?s?|quisqueyan[oa]s?",
    "Puerto Rican": r"puerto ?ricans?|puertorriquen[oa]s?|boricuas?|porto-?riquenh[oa]s?",
    "Mexican, Central American, Colombian": r"mexicans?|mexican[oa]s?|guatemalans?|chapin(?:es|a)?"
    r"|guatemaltec[oa]s?|salvadorans?|salvadoren[oa]s?|honduran[s]?|hondurenos?|colombian[oa]?s?",
    "Brazilian, Portuguese": r"brazilians?|brasilen[oa]s?|brasileir[oa]s?|portuguese people"
    r"|capeverdeans?|cape verdeans?|caboverdian[oa]s?",
    "Asian": r"asians?|asiatic[oa]s?|chinese (?:famil\w+|kids?|students?|people|new year)"
    r"|vietnamese|cambodians?|khmer|chin[oa]s|camboyan[oa]s?|vietnamitas?",
    "immigrants, undocumented": r"immigrants?|migrants?|inmigrantes?|imigrantes?|refugees?"
    r"|refugiad[oa]s?|undocumented|indocumentad[oa]s?|newcomers?|recien llegad[oa]s?|asylum"
    r"|dreamers?|daca",
    "Muslim": r"muslims?|islam\w*|musulman(?:es|a|as)?|muculman[oa]s?|hijab|ramadan|eid|mosque",
    "Jewish": r"jew(?:s|ish)?|judi[oa]s?|judeu(?:s)?|judia|hanukkah|chanukah|passover|synagogue"
    r"|rosh hashanah|yom kippur|kippah",
    "Christian": r"christians?|catholics?|cristian[oa]s?|catolic[oa]s?|evangelic[oa]s?|cristao"
    r"|cristaos|pentecostal(?:es)?",
    "disabled, autistic": r"autis(?:m|tic|mo|ta|tas)|disab(?:led|ility|ilities)|down syndrome"
    r"|sindrome de down|discapacid\w+|deficien(?:te|tes|cia)|wheelchairs?|silla de ruedas|adhd"
    r"|deaf|sord[oa]s?|special needs|necesidades especiales|dyslexi\w+|dislexi\w+|blind|ciegos?",
    "women, girls": r"wom[ae]n|girls|ladies|mujer(?:es)?|ninas|feminis\w+|mulher(?:es)?|meninas"
    r"|muchachas",
    "older people": r"elderly|seniors citizens?|senior citizens?|grand(?:ma|pa|mother|father)s?"
    r"|abuel[oa]s?|abuelit[oa]s?|ancian[oa]s?|idos[oa]s?|avos|nana|envejecientes?",
}
_FOUND: Final = {
    group: re.compile(rf"(?<!\w)(?:{pattern})(?!\w)") for group, pattern in GROUPS.items()
}
TAGGED = "any group, by the rows' tags"
NO_GROUP = "none of these"
_TAG: Final = "identity"
_OFFENSIVE: Final = policy_score(Category.OFFENSIVE.value)
_INTRO = """\
Rows of all corpora whose action is allow, by the group that the comment names (word lists in
`tests/quality/identity.py`). A group that fares worse than the last line is treated unfairly,
as far as the interval allows to say so. With officials_insult "{mode}"; the probability is the
model's for `offensive`, in the mean."""


@dataclass(frozen=True, kw_only=True)
class GroupResult:
    """How the harmless comments fare that name one group."""

    group: str
    hidden: Share
    reviewed: Share
    offensive: float | None  # mean probability; None without a model or a row


def mentions(text: str) -> frozenset[str]:
    """The groups that a text names."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(letter for letter in decomposed if not unicodedata.combining(letter))
    return frozenset(group for group, pattern in _FOUND.items() if pattern.search(plain))


def by_group(corpora: Sequence[Corpus], mode: Mode) -> list[GroupResult]:
    """One result a group, and one for the comments that name none."""
    found: dict[str, list[tuple[Case, Scores | None]]] = {group: [] for group in GROUPS}
    found |= {TAGGED: [], NO_GROUP: []}
    for corpus in corpora:
        scores: Iterable[Scores | None] = corpus.scores or [None] * len(corpus.rows)
        for case, scored in zip(corpus.cases(mode), scores, strict=True):
            if harmless(case):
                for group in _groups_of(case.row):
                    found[group].append((case, scored))
    return [_result(group, cases) for group, cases in found.items()]


def identity_section(corpora: Sequence[Corpus], mode: Mode) -> str:
    """The table of all groups."""
    rows = [
        (
            result.group,
            result.hidden.of,
            rate(result.hidden),
            rate(result.reviewed),
            figure(result.offensive),
        )
        for result in by_group(corpora, mode)
    ]
    columns = ["group", "rows", "hidden", "to review or escalated", "offensive, mean"]
    return f"{_INTRO.format(mode=mode)}\n\n{table(columns, rows)}"


def _groups_of(row: PolicyRow) -> frozenset[str]:
    found = mentions(row.comment.text) | ({TAGGED} if _TAG in row.tags else frozenset())
    return found or frozenset({NO_GROUP})


def _result(group: str, cases: Sequence[tuple[Case, Scores | None]]) -> GroupResult:
    offensive = [scored[_OFFENSIVE] for _, scored in cases if scored is not None]
    seen = [case.decision.verdict in (Verdict.REVIEW, Verdict.ESCALATE) for case, _ in cases]
    return GroupResult(
        group=group,
        hidden=Share(right=sum(hidden(case) for case, _ in cases), of=len(cases)),
        reviewed=Share(right=sum(seen), of=len(cases)),
        offensive=sum(offensive) / len(offensive) if offensive else None,
    )
