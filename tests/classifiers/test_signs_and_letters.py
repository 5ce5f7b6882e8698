"""Signs, emoji, initials and named letters in a swear word, each beside what only looks like it."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.normalise import fold
from classifiers.rules import RuleSet
from tests.classifiers.test_disguises import swearing
from tests.classifiers.test_ways_of_disguise import _each

RULES = Path(__file__).parents[2] / "config" / "rules"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return RuleSet.load(RULES)


SIGNS = """
coñ° | coñº | a¢¢ | no sh¡+ | put∆ | @zzes | wet @rse | @sshats | ßitch | un-fu©king-believable
this b¡+ch-made team | ¢oño ¢oño | ©oño | mi€rda | fu-k | bi-ch | F*@# it | p,,ta | f//k
they can F--CK off
cluster_f_ck | lazy a_ss | d!cking around | kar*jo | ph*der | k*brones | two B.I.T.¢.H.E.S | k-rajo
b@llshit | k@lero | p@zzies | d@mbazz | bu!1shit
motherf@ckers | ph@der | p@ndejos | v@rgas | BAD B¡H
"""
NOT_SIGNS = """
20° hoy | 98.6° F | 50¢ each | le cobran 5¢ | Lego© | Coca-Cola® | Disney+ | ¡Hola! | María¡
@aria | @rosa | @ashley | @assabet_valley | code LWLR-F4G7? | bi-lingual | so-so | pu-ente
s/he | me/da
f@llaron dos | emp@te a dos | c@nchas | la c@nción, c@liente | J@den | th@ts all | l@ser
Ms. V@rgas | la maestra V@rgas | b@nda y p@tada | COX2 gene | COX-2 | mark2 | mama2
p@neta.com | pu-as
the N@ts play | a p@ss to rush | ph@der.de has the flyer
yes//no | and,,then | p@ta de gallina | juan@put.com | Straße | k-pop | pre-K | k-mart | C# and F#
"""
CUT_OFF = """
read that sh-- | kiss my a-- | f-- this | me lleva la ching... | vete pa la p... | p# que o pariu
💩ty phones | 🐐brones | coñ🎶 | PUÑE🇵🇷🇵🇷 | mier💩 | c🍩 | kiss my 🍑 | por los 🥚🥚
pura 🍆 | 🦆ing
Bull. Sh. It. | pen de jos | Pen. De. Jo.
"""
NOT_CUT_OFF = """
an A-- on the quiz | sh-- the baby sleeps | mamá💙 | ✨amigos✨ | 🎉ollas de barro
🔥heads up | 🐐 of LHS
los 🥚 de Pascua | buscan por los 🥚 de chocolate | 🦆s in the pond | the 🦆s crossed | Le🐐bron
my 🍑 cobbler | docena de 🥚🥚 | 🍆 parmesan | Bull Run. It leaves | los pen drives de Jos
"""
INITIALS = """
f-off | F-you | p.o.s. chargers | c.t.m. | v.s.f. | j f c | where t.f. is it | M.M.B.
S-O-B | KRJ | pñt
L.P.M. otra vez | no c.u | you m.f.er | D-I-C-K | filho da p
"""
NOT_INITIALS = """
the P.O.S. system is down | POS terminal | p.o.s. system | S-O-B and asthma | T.F. means task force
SOB night: Save Our Band! | Save Our Band (SOB) petition | p.o.s. worksheet: noun, verb
T.F. Green airport | get T.F. Green flights | Do C.U. members get in? | my A-- in math | F-IT class
half A--, half B | that sh-- sound in phonics | K.R.J. scored twice | KRJ won | A.L.V. 2nd place
T.N.C. field trip | V.T.C. bus line | L.P.M. ganó | the V.S.F. league | those M.F. trumpets
M.M. Bennett | la L.P.M. es la liga pequeña | spell D-I-C-K for Uncle Richard | an F-150 | f-stop
"""
NAMED = """
eye dee gee ay eff | eff you, see kay you | eff yoo cee kay | s-h-eye-t | éfe-dê-pê
no, efe u ce ka
dubya tee eff
what the Foxtrot Uniform Charlie Kilo
B to the U to the L to the L to the S to the H to the I to the T
F as in Frank, U as in uncle, C as in cat, K as in kite | Fresh\\nUnseasoned\\nCold\\nKale
"""
NOT_NAMED = """
Jeff, eff you see that | a foxtrot, you see Kay | Apples\\nSoup\\nSalad
Kay and Dee are here | see Kay, Dee and Gee | A to the B to the C | ese hotel te espera
el jefe de pe a pa
Whiskey Tango Foxtrot is a Tina Fey movie | CoNiO in the chemistry packet
Mike, Charlie, Oscar and Romeo | to the left to the right | Tee Ball | hache intercalada
One\\nTwo\\nThree\\nFour
"""


def _rows(texts: str) -> list[str]:
    """Texts that hold line breaks of their own stand as \\n."""
    return [text.replace("\\n", "\n") for text in _each(texts.replace("\n", " | "))]


@pytest.mark.parametrize("text", _rows(SIGNS + CUT_OFF + INITIALS + NAMED))
def test_a_swear_word_in_signs_or_letters_is_read(rules: RuleSet, text: str) -> None:
    assert swearing(rules, text)


@pytest.mark.parametrize("text", _rows(NOT_SIGNS + NOT_CUT_OFF + NOT_INITIALS + NOT_NAMED))
def test_what_only_looks_like_it_stays(rules: RuleSet, text: str) -> None:
    assert swearing(rules, text) == []


def test_a_word_whose_letters_are_named_twice_is_read_twice(rules: RuleSet) -> None:
    assert len(swearing(rules, "eff yoo cee kay, eff yoo cee kay")) == 2


def test_only_the_hyphenated_part_that_swears_is_shown(rules: RuleSet) -> None:
    assert swearing(rules, "un-fu©king-believable") == ["fu©king"]


def test_something_invisible_within_a_longer_word_gives_it_away(rules: RuleSet) -> None:
    assert swearing(rules, "the annual wh\u2060ore\u2060coming")
    assert swearing(rules, "un\u00adas\u00adsessed") == []


@pytest.mark.parametrize("text", _rows(SIGNS + CUT_OFF + INITIALS))
def test_folding_twice_changes_nothing(text: str) -> None:
    once = fold(text).text
    assert fold(once).text == once
