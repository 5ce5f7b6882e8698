"""Guessing a comment's language, and saying so when it cannot be told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from modbot.spoken_language import guess_language

CORPUS = Path(__file__).parent / "corpus" / "dev.jsonl"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the bus is late again", "en"),
        ("la guagua llega tarde otra vez", "es"),
        ("o ônibus está atrasado outra vez", "pt"),
        ("CUANDO EMPIEZAN LAS CLASES", "es"),
        ("não sei quando as aulas começam", "pt"),
        ("𝗪𝗵𝗲𝗿𝗲 𝗶𝘀 𝘁𝗵𝗲 𝗯𝘂𝘀", "en"),
        ("https://example.com/the-best-school-ever", "unknown"),
        ("🔥🔥🔥", "unknown"),
        ("", "unknown"),
        ("Zxqv", "unknown"),
        ("2026 12.50 100 the bus 7", "en"),
        ("la-guagua-llega-tarde-otra-vez-hoy-porque-sí", "es"),
        ("\ud800", "unknown"),
    ],
)
def test_a_language_is_guessed_or_honestly_not(text: str, language: str) -> None:
    assert guess_language(text) == language


def test_a_very_long_text_is_guessed_by_its_beginning() -> None:
    assert guess_language("la escuela de los niños " * 100_000) == "es"


def test_on_the_corpus_it_is_as_good_as_its_module_says() -> None:
    rows = [json.loads(line) for line in CORPUS.read_text("utf-8").splitlines()]
    rows = [row for row in rows if row["lang"] in ("en", "es", "pt")]
    guesses = [(row["lang"], guess_language(row["comment"])) for row in rows]
    right = sum(wanted == guess for wanted, guess in guesses)
    wrong = [(w, g) for w, g in guesses if g not in (w, "unknown")]
    assert (len(rows), right, wrong) == (387, 371, [])
