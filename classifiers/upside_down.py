"""Text that is written upside down with turned letters, from right to left: ʞɔnɟ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

# As generators of such text write it; `classifiers.confusables` reads a lone one as its letter.
TURNED: Final = dict(zip("ɐɔǝɟƃɥᴉɾʞɯɹʇʌʍʎ", "acefghijkmrtvwy", strict=True))
_SYMMETRIC: Final = dict(zip("bdlnopqsuxzıñ", "qpluodbsnxziñ", strict=True))
_UPRIGHT: Final = str.maketrans(TURNED | _SYMMETRIC)
_LETTER: Final = f"[{''.join(TURNED)}{''.join(_SYMMETRIC)}]"
_HINT: Final = re.compile(f"[{''.join(TURNED)}]")
# Other letters beside them make it something else: a phonetic transcription, a look-alike.
_RUN: Final = re.compile(rf"(?<![^\W_]){_LETTER}+(?:[ .,'’-]{{1,3}}{_LETTER}+)*(?![^\W_])")
_LEAST: Final = 2  # turned letters


class Run(NamedTuple):
    """text[start:end] is upside down and says `words`, which are as long."""

    start: int
    end: int
    words: str


def upside_down(text: str) -> Iterator[Run]:
    """The stretches of a text that are upside down."""
    if not _HINT.search(text):
        return
    for match in _RUN.finditer(text):
        if len(_HINT.findall(match[0])) >= _LEAST:
            yield Run(*match.span(), match[0][::-1].translate(_UPRIGHT))
