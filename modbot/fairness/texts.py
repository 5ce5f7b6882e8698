"""The written examples that rules are tried on: pairs, innocent words, what may not be named."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from modbot.domain import Category
from modbot.errors import BadConfig

HERE: Final = Path(__file__).parent
OWN_NAMES: Final = "never_named.txt"  # of a district, in its configuration folder
KINDS: Final = ("issue", "official", "identity", "nation", "stance", "subject")
LANGUAGES: Final = ("en", "es", "pt")
_BETWEEN: Final = " <> "


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two texts that differ only in the side they take or in whom they speak of."""

    one: str
    other: str
    kind: str  # "issue" | "official" | "identity" | "nation"
    language: str
    post: str = ""
    place: str = ""  # file:line

    def silent_for(self, category: Category) -> bool:
        """May no rule of this category find anything in either side?"""
        nation = self.kind == "nation" and category is not Category.OFF_TOPIC
        return nation or self.kind in ("issue", "official")


@dataclass(frozen=True, kw_only=True)
class Examples:
    """All that rules are tried on."""

    pairs: tuple[Pair, ...]
    innocent: tuple[str, ...]
    never_named: dict[str, str]  # folded word or phrase -> what it is


def load_examples(config_folder: Path | None = None) -> Examples:
    """The examples that come with modbot, and the district's own names. Raises BadConfig."""
    named = dict(_names(HERE / OWN_NAMES))
    if config_folder is not None and (config_folder / OWN_NAMES).is_file():
        named |= dict(_names(config_folder / OWN_NAMES))
    innocent = [w for lang in LANGUAGES for _, w in _listed(HERE / f"innocent_{lang}.txt")]
    pairs = [p for lang in LANGUAGES for p in read_pairs(HERE / f"pairs_{lang}.txt")]
    return Examples(pairs=tuple(pairs), innocent=tuple(dict.fromkeys(innocent)), never_named=named)


def read_pairs(path: Path) -> list[Pair]:
    """The pairs of a file, every stance on every subject included. Raises BadConfig."""
    pairs: list[Pair] = []
    stances: list[tuple[str, str, str]] = []
    subjects: list[str] = []
    language = kind = post = ""
    for number, line in _lines(path):
        place = f"{path.name}:{number}"
        if line.startswith("["):
            language, kind = _section(line, path, number)
            post = ""
        elif not kind:
            raise _bad("needs a section such as [en issue] above this", path, number)
        elif line.startswith("post:"):
            post = line.removeprefix("post:").strip()
        elif kind == "stance":
            stances.append((line, language, place))
        elif kind == "subject":
            subjects.append(line)
        else:
            one, between, other = line.partition(_BETWEEN)
            if not between or not one.strip() or not other.strip():
                raise _bad("must be two texts with <> between them", path, number)
            pairs.append(
                Pair(
                    one=one.strip(),
                    other=other.strip(),
                    kind=kind,
                    language=language,
                    post=post,
                    place=place,
                )
            )
    return pairs + list(_stances(stances, subjects))


def _stances(stances: list[tuple[str, str, str]], subjects: list[str]) -> Iterator[Pair]:
    """Each stance beside the next one, on each subject."""
    for (one, language, place), (other, _, _) in zip(stances[::2], stances[1::2], strict=True):
        for subject in subjects:
            yield Pair(
                one=one.replace("{}", subject),
                other=other.replace("{}", subject),
                kind="issue",
                language=language,
                place=place,
            )


def _section(line: str, path: Path, number: int) -> tuple[str, str]:
    words = line.partition("]")[0].strip("[ ").split()
    if len(words) != 2 or words[0] not in LANGUAGES or words[1] not in KINDS:
        known = ", ".join(KINDS)
        raise _bad(f"must be [LANGUAGE KIND]; kinds are {known}", path, number)
    return words[0], words[1]


def _names(path: Path) -> Iterator[tuple[str, str]]:
    for what, name in _listed(path):
        yield folded(name), what


def _listed(path: Path) -> Iterator[tuple[str, str]]:
    """Section and entry of a file of entries separated by commas."""
    section = ""
    for number, line in _lines(path):
        if line.startswith("["):
            section = line.strip("[] ")
        elif not section:
            raise _bad("needs a section such as [person] above this", path, number)
        else:
            for entry in line.split(","):
                if entry.strip():
                    yield section, entry.strip()


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that say something, with their numbers."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(f"cannot be read ({error})", file=str(path)) from None
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            yield number, line.strip()


def _bad(problem: str, path: Path, number: int) -> BadConfig:
    return BadConfig(problem, file=str(path), line=number)


def folded(text: str) -> str:
    """Lower case without accents."""
    apart = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in apart if not unicodedata.combining(c))
