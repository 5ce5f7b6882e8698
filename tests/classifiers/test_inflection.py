"""Forms of listed words: what `~v`, `~n` and `~a` stand for in each language."""

from __future__ import annotations

import pytest

from classifiers.inflection import inflected

FORMS = [
    ("joder", "v", "es", "jodo jode joden jodia jodiste jodio jodieron joda jodan jodido jodiendo"),
    ("joder", "v", "es", "jodete jodanse joderme jodiendonos joderselo jodansen"),
    ("cagar", "v", "es", "cago cague cagaste cagando cagado cagao cagarla cagarse"),
    ("chingar", "v", "es", "chinguen chingate chingaselo chingaban"),
    ("mierda", "n", "es", "mierda mierdas mierdita mierdota mierdazo mierdica mierdisima"),
    ("cojon", "n", "es", "cojones cojoncito cojonazo"),
    (
        "cabron",
        "a",
        "es",
        "cabrona cabrones cabronas cabroncito cabronazo cabronisimo cabronamente",
    ),
    ("puto", "a", "es", "puta putas putos putita putazo putisima putica"),
    ("foder", "v", "pt", "fode fodeu fodido fodendo fodam fodesse"),
    ("arrombado", "a", "pt", "arrombada arrombados arrombadas arrombadinho"),
    ("cuzao", "a", "pt", "cuzoes cuzona"),
    ("bitch", "v", "en", "bitches bitching bitched bitchy"),
    ("shit", "v", "en", "shits shitting shitty shitter"),
    ("pussy", "n", "en", "pussies"),
    ("whore", "n", "en", "whores"),
]


@pytest.mark.parametrize(("word", "mark", "language", "forms"), FORMS)
def test_a_marked_word_brings_its_forms(word: str, mark: str, language: str, forms: str) -> None:
    made = inflected(word, mark, language)
    assert [form for form in forms.split() if form not in made] == []
    assert made[0] == word
    assert len(set(made)) == len(made)


def test_in_a_phrase_the_last_word_changes() -> None:
    assert "hijo de putas" in inflected("hijo de puta", "n", "es")


def test_spelling_keeps_the_sound() -> None:
    made = inflected("cagar", "v", "es")
    assert "cague" in made
    assert "cage" not in made


def test_gender_changes_only_where_the_mark_says_so() -> None:
    assert "mierdo" not in inflected("mierda", "n", "es")
    assert "puta" in inflected("puto", "a", "es")


@pytest.mark.parametrize(
    ("mark", "language", "problem"),
    [("x", "es", "no mark ~x"), ("v", "", "needs a line `language:"), ("v", "es", "needs a verb")],
)
def test_a_wrong_mark_says_what_is_wrong(mark: str, language: str, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        inflected("mierda", mark, language)
