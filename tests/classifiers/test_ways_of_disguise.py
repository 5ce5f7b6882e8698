"""Ways to disguise a swear word that are read as ways, each beside what only looks like it."""

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


PARTED = """
fu,ck this | fu'ck this | f"uck this | sh;it | co:ño | c'rajo | m'erda | f:u:c:k | p;u;t;a
fu... ck this | mier, da | mier- da | sh't | f * c k | s-h-*-t
"""
NOT_PARTED = """
who're you | who,re | the class,hit the bus | is it:true | shi,ft | don't | o'clock | rock'n'roll
Is she here?it rang | c'mon | k'iche' | ma'am | sh... it is late | as:sets | p'a la casa
T, F, T, F | Bus 12 runs T, W, F. | is it M/T/F or W/T/F
"""
SIGNS = """
b@tch | sh@t happens | m@erda | c@brón | p@ssy | @zz | 4ucking vote | $h*t | full of shi+ | фuck
cońo | coňo | con~o | Coňo | 8===D | (8==D) | 凸(-_-)凸 | suck my 🍆 | coñ🍆 | lying SOBs
toughest SOB ever
f**** pouches | f*****g | b***** | c*cksuckers | m*therfuckers | w*f is that | s*fu
"""
NOT_SIGNS = """
m@th | b@nd | p@ta de gallina | the child sobs | SOB is shortness of breath | x == D | =D | 8D | 8)
g*o l*a*n*c*e*r*s | a password like S**p3r! | four **** stars | Ms. F**** | Gdańsk | cono | @zzmax
won 8==3 | 8==8 | 4th | 4U | C4CK-9 | hi+ | Math+
"""
SPELT = """
fwck | slwt | pwta | myerda | pinxe | pinchi nieve | mamagwevo | cawksucker | cocksukkas | asswhole
itshay | uckfay | itchbay | gnikcuf | sehctib | asshol | goddam | pendej | mierd | cabrone | dumbazz
pendejo69 | asshole123 | #fckthevote | watdaphuc | clusterfcuk | #theassholevote | lamierda
bullchit | bullshyte | stfd | idgafos | my asz | such a bich | sukk mah dikk | fook this
pqp | g f y
xinga tu madre | toto e tu mai | la pta madre | concha d tu madre | piece of sh | vai tomar no c*
car ajo | pen dejo | shi tty
"""
NOT_SPELT = """
assez | Guy Fawkes | kmph | allof them | Myrta | Bich Ngoc | Fook Yee | xingar o juiz | ele xingou
poha | duch | Carbone | pollos | mothers | tosse | marico | retar | bastar | MAMA15
b1TcH7 | sing a song | foh | Coxon | xodó | Zingales | paxos | 60 kmph | SHI T-shirts
"""
OTHER_SENSES = """
Dr. Dikshit | Akshita and Harshit | le dio un puñetazo | plus tard | trop tard | fire retardant
fire retard. curtains | Ass't Supt. Rivera | a bad ass-ignment | cl ass of 2027
culero de bebé | cambiarle el culero a la nena | CSM credits | the HDP forms | VTC link
H.D.P. = Home Daycare Provider | DPH and HDP forms | MMG yearbook | M.M.G. son las iniciales
pqp é a sigla | TNC on the form | the code FCK | pulso de 72 lpm | LPM on the metronome
flight lands at FUK | Rm A55 or A5S | dyke trail
"""


def _each(texts: str) -> list[str]:
    return [text.strip() for line in texts.split("\n") for text in line.split("|") if text.strip()]


@pytest.mark.parametrize("text", _each(PARTED + SIGNS + SPELT))
def test_a_way_of_disguise_is_read(rules: RuleSet, text: str) -> None:
    assert swearing(rules, text)


@pytest.mark.parametrize("text", _each(NOT_PARTED + NOT_SIGNS + NOT_SPELT + OTHER_SENSES))
def test_its_look_alike_stays(rules: RuleSet, text: str) -> None:
    assert swearing(rules, text) == []


@pytest.mark.parametrize(
    "text", ["hdp: cierren ya", "ptm, qué frío", "HDP CIERREN", "fdp avisa antes", "lpm otra vez"]
)
def test_initials_swear_where_nothing_explains_them(rules: RuleSet, text: str) -> None:
    assert swearing(rules, text)


def test_a_word_that_a_line_breaks_stays(rules: RuleSet) -> None:
    assert swearing(rules, "bring your ass-\nessment") == []


def test_letters_with_commas_are_a_list_unless_they_spell_more_than_three() -> None:
    assert fold("T, W, F").text == "t, w, f"
    assert fold("f, u, c, k").text == "fuck"


def test_a_sound_that_comes_twice_may_change_at_its_last_place() -> None:
    assert {"cocksukker", "cokksukker"} <= respellings("cocksucker", "en")


def test_a_form_is_reversed_only_if_it_is_long() -> None:
    assert "gnikcuf" in respellings("fucking", "en", Form.EVERYDAY)
    assert "allof" not in respellings("folla", "es", Form.EVERYDAY)


def test_a_number_behind_a_word_is_no_part_of_what_is_shown(rules: RuleSet) -> None:
    assert swearing(rules, "pendejo69") == ["pendejo"]
