"""Forms of a listed word: `joder ~v`, `cabrón ~a`, `mierda ~n`; see docs/policy.md, "Rules".

Forms that nobody uses do no harm, so exceptions of grammar are left out; a form that is also an
innocent word is taken back with an [innocent] line in a word list.
"""

from __future__ import annotations

from itertools import product
from typing import Final

MARKS: Final = {
    "v": "a verb: all persons and tenses, in Spanish with the pronouns that hang on it",
    "n": "a noun: plural, in Spanish and Portuguese also small and big",
    "a": "an adjective or person: both genders, plural, small, big and superlative",
}
LANGUAGES: Final = ("en", "es", "pt")

_CLITICS: Final = (
    *["me", "te", "se", "le", "les", "lo", "la", "los", "las", "nos"],
    *map("".join, product(("me", "te", "se", "nos"), ("lo", "la", "los", "las"))),
)
_ES_ENDINGS: Final = {
    "ar": "ar o as a amos an aste aron aba abas aban abamos are aras ara aran aremos aria arias "
    "arian ase asen e es en emos ando ado ada ados adas ao aos",
    "er": "er o es e emos en i iste io ieron imos ia ias ian ere eras era eran eremos eria erias "
    "erian iera ieran iese a as an amos iendo ido ida idos idas io ios",
}
_ES_BEFORE_CLITIC: Final = {"ar": "ar a e en ando", "er": "er e a an iendo"}
_PT_ENDINGS: Final = {
    "ar": "ar o a am as amos ou ei aram ava avam ando ado ada ados adas e em asse",
    "er": "er o e em es emos eu i eram ia iam endo ido ida idos idas a am as esse esses",
}
_EN_VOWELS: Final = "aeiou"
_LEAST_EVERYDAY: Final = 5  # letters; a shorter form without a vowel is many another word
_EVERYDAY: Final = {
    "v": ("ando", "ado", "ada", "iendo", "ido", "ida", "a", "an", "as", "e", "en"),
    "a": ("a", "as", "o", "os"),
    "n": (),  # its plural is respelled with it
}


def inflected(word: str, mark: str, language: str) -> tuple[str, ...]:
    """The word and its forms, each once; in a phrase the last word changes. Expects folded text.

    Raises ValueError that says what is wrong with the mark.
    """
    if mark not in MARKS:
        raise ValueError(f"no mark ~{mark}; there are: {', '.join(f'~{mark}' for mark in MARKS)}")
    if language not in LANGUAGES:
        raise ValueError(f"~{mark} needs a line `language: {'`, `'.join(LANGUAGES)}` above it")
    opening, space, last = word.rpartition(" ")
    forms = _FORMS[language, mark](last)
    return tuple(dict.fromkeys(opening + space + form for form in (last, *forms)))


def is_everyday(word: str, form: str, mark: str, language: str) -> bool:
    """Is a form of a single word one that people write, and respell, as often as the word itself: a
    gender, a plural, a participle, a command? The many others are rare. Expects folded text."""
    if not (form.isalpha() and len(form) >= _LEAST_EVERYDAY):
        return False
    if language == "en":
        return True
    stem, ending = word[:-2] if mark == "v" else word[:-1], _EVERYDAY[mark]
    return any(form in (stem + each, word + each) for each in ending)


def _spanish_verb(word: str) -> list[str]:
    stem, theme = _theme(word)
    forms = [_es(stem, ending, theme) for ending in _ES_ENDINGS[theme].split()]
    for ending, clitic in product(_ES_BEFORE_CLITIC[theme].split(), _CLITICS):
        opening = _es(stem, ending, theme)
        forms.append(opening + clitic)
    forms += [_es(stem, "e" if theme == "ar" else "a", theme) + "nsen"]  # jodansen, as people say
    return forms


def _portuguese_verb(word: str) -> list[str]:
    stem, theme = _theme(word)
    return [_es(stem, ending, theme) for ending in _PT_ENDINGS[theme].split()]


def _theme(word: str) -> tuple[str, str]:
    stem, theme = word[:-2], word[-2:]
    if theme == "ir":
        theme = "er"
    if theme not in _ES_ENDINGS or not stem:
        raise ValueError("~v needs a verb in -ar, -er or -ir")
    return stem, theme


def _es(stem: str, ending: str, theme: str = "ar") -> str:
    """Stem and ending with the spelling that keeps the sound: cagar, cague; chocar, choque."""
    if theme == "ar" and ending[0] in "ei":
        for hard, soft in (("c", "qu"), ("g", "gu"), ("z", "c")):
            if stem.endswith(hard):
                return stem[:-1] + soft + ending
    return stem + ending


def _spanish_noun(word: str) -> list[str]:
    gender = "a" if word[-1] == "a" else "o"
    stem = word[:-1] if word[-1] in "oae" else word
    return [*_es_sizes(word, (gender,)), *_spanish_plural(word), _es(stem, f"isim{gender}")]


def _spanish_adjective(word: str) -> list[str]:
    stem = word[:-1] if word[-1] in "oae" else word
    plain = [stem + gender for gender in "oa"] if word[-1] in "oa" else [word, stem + "a"]
    superlatives = [
        _es(stem, f"{very}isim{gender}{s}")
        for very in ("", "c")  # cabronisimo, cabroncisimo
        for gender in "oa"
        for s in ("", "s")
    ]
    superlatives.append(f"{stem}amente")
    plurals = [plural for form in plain for plural in _spanish_plural(form)]
    return [*plain, *plurals, *superlatives, *_es_sizes(word, ("o", "a"))]


def _spanish_plural(word: str) -> list[str]:
    return [word + ("s" if word[-1] in "aeiou" else "es")]


def _es_sizes(word: str, genders: tuple[str, ...]) -> list[str]:
    vowel = word[-1] in "aeo"
    stem = word[:-1] if vowel else word
    forms = []
    for gender, s in product(genders, ("", "s")):
        small = _es(stem, f"it{gender}") if vowel else f"{word}cit{gender}"
        forms += [small + s, f"{stem}ot{gender}{s}" if gender == "a" else f"{stem}ote{s}"]
        forms += [f"{stem}az{gender}{s}", _es(stem, f"ic{gender}{s}")]  # putica, in the Caribbean
    return [*forms, f"{stem}azo", f"{stem}azos"]


def _portuguese_noun(word: str) -> list[str]:
    if word.endswith("ao"):
        return [word[:-2] + "oes", word[:-2] + "aos"]
    stem = word[:-1] if word[-1] in "aeo" else word
    gender = "a" if word[-1] == "a" else "o"
    return [word + "s", _es(stem, f"inh{gender}"), _es(stem, f"inh{gender}s"), f"{stem}ao"]


def _portuguese_adjective(word: str) -> list[str]:
    if word.endswith("ao"):
        return [*_portuguese_noun(word), word[:-2] + "ona", word[:-2] + "onas"]
    stem = word[:-1] if word[-1] in "oa" else word
    return [form for gender in "oa" for form in (stem + gender, *_portuguese_noun(stem + gender))]


def _english_noun(word: str) -> list[str]:
    if word.endswith("y") and word[-2:-1] not in _EN_VOWELS:
        return [word[:-1] + "ies"]
    return [word + ("es" if word.endswith(("s", "x", "z", "ch", "sh")) else "s")]


def _english_verb(word: str) -> list[str]:
    ending = word[-3:]
    doubled = len(ending) == 3 and [letter in _EN_VOWELS for letter in ending] == [
        False,
        True,
        False,
    ]
    stem = word[:-1] if word.endswith("e") else word + word[-1] if doubled else word
    endings = ("ed", "er", "ers", "ing", "in", "ings", "y", "ier", "iest")
    return [*_english_noun(word), *(stem + ending for ending in endings)]


def _english_adjective(word: str) -> list[str]:
    return [*_english_noun(word), word + "y"]


_FORMS: Final = {
    ("es", "v"): _spanish_verb,
    ("es", "n"): _spanish_noun,
    ("es", "a"): _spanish_adjective,
    ("pt", "v"): _portuguese_verb,
    ("pt", "n"): _portuguese_noun,
    ("pt", "a"): _portuguese_adjective,
    ("en", "v"): _english_verb,
    ("en", "n"): _english_noun,
    ("en", "a"): _english_adjective,
}
