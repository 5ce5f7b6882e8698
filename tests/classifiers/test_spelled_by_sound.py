"""Swear words spelled by their sound or by the names of letters, beside words that sound alike."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.normalise import fold
from classifiers.respelling import Form, respellings
from classifiers.rules import RuleSet
from tests.classifiers.test_disguises import swearing

RULES = Path(__file__).parents[2] / "config" / "rules"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return RuleSet.load(RULES)


ENGLISH = """
fuhck | the fuhk | clusterfuhk | mindfk | mthrfkng | mothrfkr | that bishhh | bishes | lying fux
FUXXX | aszclowns | asshoal | azshole | beetches | bullschit | holee chit | all the same shid
gofukyaself | motherf@ckers | fhucked | kokksucker | bullshet | whorehouse
"""
SPANISH = """
ni una vergha | qué mehrda | putha | mierdha | conio | cogno | conno tu madre
kgar | kgando | se anda kgndo | k-rajo | q-lo | pndjs | kbrns | pinxes | cómo xingados
q se hoda | cojone | k0jone | jodi2 | mamaguebaso | ijuepvtas | hijueputha | quleros | pendexos
comemielda | velga | miedda | mamársela a alguien | mamebixo | unos m4ma0s | tañepu | jodepen
mierda de kueros | pen de jos | cavrones | malparío | singaoz | fu-kk
"""
PORTUGUESE = "phodida | mehrda | phoder | karalho | tomar no kool"
LOOK_ALIKE = """
que vergonha | gonorrhea | acento belga | el conio.h | CoNiO es cobalto, níquel y oxígeno
8ish | about 7-ish | sign-on bonus | code MAMA50 | if I only had a brain... | never mind...
stretch marks | vogue | en bronca | sin tapujos | madama | betcha | a xingava | xingado | Hoda
connotes | incognito | fuxia | la fucsia | shld | Thoth | de chuparse la semilla | pick-up | co-op
ella cosechó | ducks and clucks | horns | worn | decks | slots | shades | kicks | pura | chota
a k-9 unit | K-5 | e-mail | X-ray | re-sign | todos | saludos2 | bus 2 | Konno
Ms. Bish | the Molly Bish Foundation | Ana Conio | la familia Connio | Maria Cogno | Bi-Chen Lee
Johann Fux | Fux counterpoint | Inglourious Basterds | CH2M
"""


def _each(texts: str) -> list[str]:
    return [text.strip() for line in texts.split("\n") for text in line.split("|") if text.strip()]


@pytest.mark.parametrize("text", _each(ENGLISH + SPANISH + PORTUGUESE))
def test_a_spelling_by_sound_is_read(rules: RuleSet, text: str) -> None:
    assert swearing(rules, text)


@pytest.mark.parametrize("text", _each(LOOK_ALIKE))
def test_what_sounds_alike_stays(rules: RuleSet, text: str) -> None:
    assert swearing(rules, text) == []


def test_what_is_found_is_the_word_as_written(rules: RuleSet) -> None:
    assert swearing(rules, "¡Vete pal K-rajo ya!") == ["K-rajo"]
    assert swearing(rules, "los paras siguen jodi2 ya") == ["jodi2"]


@pytest.mark.parametrize("text", ["K-rajo", "jodi2", "FUXXX", "cogno"])
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text).text).text == fold(text).text


def test_sounds_that_are_near_to_others_change_long_words_only() -> None:
    assert "asshoal" in respellings("asshole", "en")
    assert "sheed" not in respellings("shit", "en")
    assert all(len(other) > 4 for other in respellings("kickass", "en") if other.startswith("kick"))


def test_one_of_several_alike_letters_may_change() -> None:
    assert "ijuepvta" in respellings("hijueputa", "es")


def test_syllables_may_be_turned_round() -> None:
    assert {"tañepu", "tapuñe"} <= respellings("puñeta", "es")
    assert "tupa" not in respellings("puta", "es")


def test_an_h_that_nobody_says_may_stand_in_a_word_or_an_everyday_form() -> None:
    assert "mehrda" in respellings("merda", "pt")
    assert "jodihdo" in respellings("jodido", "es", Form.EVERYDAY)
    assert "jodihesen" not in respellings("jodiesen", "es", Form.RARE)
