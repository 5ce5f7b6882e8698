"""Further disguises, each beside what only looks like it: cut off, crossed out, spelled out."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.normalise import fold
from classifiers.rules import RuleSet
from modbot.domain import Aspect, Category
from tests.classifiers.test_disguises import swearing
from tests.classifiers.test_rules import comment_on

RULES = Path(__file__).parents[2] / "config" / "rules"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return RuleSet.load(RULES)


CUT_OFF = """
they hit the pole again, holy sh— | son unos pendej... | qué mier... de línea | COÑ... otra vez
call it what it is, bulls-- bullsh- | what the f... is this | no f—s given | f—n playing with us
you absolute f— | hijo de p— | que se vayan a la m... | holy fu… we won | motherf— parking
"""
NOT_CUT_OFF = """
what grade? what the F- is that? | he got a B- and an A- | so...it goes | mis hijos... los amo
yo no sé... basta... ya | smart... really smart | qué bella... | well-known | a-z | F-150 | K-F
Vergara... gol | toca... toca | Shh... the baby | oh shhh... genius at work | room F-204 | fue... no
el hijo de P. Cuevas | cero... otra vez cero | negro... azul... rojo | a tall shi... ft of snow
an absolute F- for snow removal | I give them a total F- | those B- students | qué mied... me dio
my son has an itch... | cric cric... nadie | soy culé... | se retarda... | sero... | Mrs. Muth...
La Meca... | Mariko... | Billy Beane... | pelot... | toca la marim...
what the F in FAFSA stands for
"""
LETTERS = """
qué carajxs pasa | de mierdx | no me jxdan | we got fxcked | cabronxs | la más chingxna | fμck it
pɛndɛjo | m¡erda | sh¡t | ßh1t sh!t | no jo+dan | b@d@$$ granny | d¥kes | cu1o | 0rt0 | b1ch0
kbr0na | trashy h0e | $hitb00k | horse$#it | full of $#!+ | sh-t | c/ño | f6ck | f@ggotry
c0ñ0000 | pxta | buIIshit | mlerda | d*ck | p3n3 | t1ts | fŧƙ it, ƒųɕƙ
"""
NO_LETTERS = """
the max | Mexico | taxi and text | Xiomara | exacto | ¡oye! | 5 μm | $hare | a B00B-5 kit | J+D
folia de reis | cuero de chivo | Mirta | Dick Johnson | pilas | folio | T-shirt
hoes and rakes, a garden hoe | un bicho raro | huevos | el pato | mi perra Luna | butt joint
Model SHT-2200 | TF 17-2, MD 12-3 | pp, mf, ff | 65th Infantry | s/he | w/o | m/f | P-TA 7 | U-14
3AZZ 81 | B4LT4S4R | b0t 15 r3ady | -4 w/ wind chill | 4x4 | H-bridge | Ms. Hiscock | Sh! Genius
perr@s y gat@s con correa | bol@s | faking an injury | Uptown Funk | all PTAs meet | oh drat
Esra Yilmaz | Melda | Coach Skoog | Karis Thompson | the Bergers | a chignon
blotches on the wall | func main() | room A55 | A55 hall, A55 HALL | locker #4SS | aula F4G
"""
SPELLED = """
coach is a p r i c k | it can s u c k  a  d i c k | his b u t t h o l e | h d s p m | a la v r g
d p u t a m a d r e | p u ñ e t a l a s | p u ñ e t a y las | l a p u t a | you s h i t | ʇıɥsllnq
es una k u e r o | C. O. Ñ. O. | mean girl c-u-next-tuesdays | eff-u-see-kay | f m l | as F-U-C
"""
NOT_SPELLED = """
m a s s at noon | c l a s s | l a d i s p u t a | c o m p u t a d o r a | T H E A S S E M B L Y
G O  L A N C E R S | s n o w  d a y  s n o w  d a y | f a v o r i t a | P-O-N-I | F-U-K-U-D-A
B-A-N-A-N-A-S | A D K | see you next tuesday | is it A-C or D-F | I  a m  s o  p r o u d | p. 5 s
A B C D | p t a | U S A | w-o-n b-y s-p-e-l-l-i-n-g | d u c k | the "F.K." dish | W-L-W-W-W
"""
WITHIN = """
unf*ckingbelievable | unphuckinreal | FOURTYFIVEFU_CKINDOLLARS | F@NF*CKINGTASTIC | suckadick
cagüenlaputa | hijodelagranputa | geddafuggouttahere | hot sh1tballs | *** b*tch ***
"""
NOT_WITHIN = """
Scunthorpe | shuttlecock | F.Kennedy | picadura | matsuSHIta | Cumberland | of_uncle_kay | F. Kay
staff@k12.ma.us | josh@tech.org | jeff@kent.edu | of_ck | a great finish!today | Josh!the bus left
crash*test
Fukuda-Ramos | Phuket | Mr. Phuc Dang | *nasty* | S*crifice | puttanesca | Cockcroft | Titicut
"""
SAID = """
c-ño | LAN-CERS CO-ÑO | f around, find out | the ref can s my d | go f#%& yourself
eres un mari con
sunuvabitch | sumbitch | dumazz | dumfuk | badarse | muthafukkas | beeyotch | fuggin | fahk off
fooking | farking | fuhhhk | kñooo | ñooo | coñooo | j.d.p. | un f.d.p. | CDSM | hijuepu ya | fóquiu
que se vayan a la shin ga da | mamador | hijuesumadre | bullsh | puñ* eta | cab. rones | no jo das
my son of a m m g | 🅱️itch | cabr🅾️n | come🍌inga... | bull💩 | no 💩
"""
NOT_SAID = """
heck no | caramba | oh fudge | recórcholis | miércoles | pato a la naranja | caray | dang it
bulls hit the fence | bats hit | dogs hit | un niño | señor | Fook yu | mas horas | hp printer
cab. Ron sale | as. Sessions | la caña | jo, dan ganas | sofa king size | yes f 150 | feta
una gran PTA | that's my D! | bus F around 3 | we go F to G on the piano | el motor tiene más hp
ni-ño | ma-ña-na, ba-ño | ña, ñe, ñi, ño, ñu | S.O.B. is shortness of breath
jdp@lawrence.k12.ma.us | an actual F sharp | vamos a C. Rica | Ms. S. Paz
Supply Co. Jones | gracias Mari. Con cariño | Mari con su hijo | sub normal temps | Mrs. C***
"""


def _each(texts: str) -> list[str]:
    return [text.strip() for line in texts.split("\n") for text in line.split("|") if text.strip()]


@pytest.mark.parametrize("text", _each(CUT_OFF + LETTERS + SPELLED + WITHIN + SAID))
def test_a_disguised_swear_word_is_found(rules: RuleSet, text: str) -> None:
    assert swearing(rules, text)


@pytest.mark.parametrize(
    "text",
    [
        *_each(NOT_CUT_OFF + NO_LETTERS + NOT_SPELLED + NOT_WITHIN + NOT_SAID),
        *("gracias Mari\nCon cariño", "he or she\nMale or female"),
    ],
)
def test_what_only_looks_like_a_disguise_stays(rules: RuleSet, text: str) -> None:
    assert swearing(rules, text) == []


def test_a_name_said_often_hides_no_disguised_word_of_its_letters(rules: RuleSet) -> None:
    assert swearing(rules, "Dick " * 30 + "Johnson") == []
    assert swearing(rules, "Dick " * 30 + "and d1ck") != []


def test_a_weak_word_counts_as_strong_in_disguise(rules: RuleSet) -> None:
    scores = {
        text: max((s.score for s in rules.judge(comment_on(text))), default=0)
        for text in ("a hoe", "a h0e", "a butt", "a b@tt", "a h-o-e", "that's b.s.")
    }
    assert scores["a h0e"] > 0.9 > scores["a hoe"] > scores["a butt"]
    assert scores["a h-o-e"] < 0.9 > scores["that's b.s."]


def _quoted(rules: RuleSet, text: str) -> bool:
    found = [s for s in rules.judge(comment_on(text)) if s.category is Category.PROFANITY]
    assert found, text
    return all(signal.aspect is Aspect.QUOTED for signal in found)


@pytest.mark.parametrize(
    "text",
    [
        "cop waved me thru then yelled at me, d1ckhead with a whistle",
        "mi nieto le dice abuela y a mí ni hola, el muy cabr🅾️n",
        "me rayaron el carro, coño",
    ],
)
def test_an_insult_of_the_writers_own_behind_a_comma_is_no_quotation(
    rules: RuleSet, text: str
) -> None:
    assert not _quoted(rules, text)


@pytest.mark.parametrize(
    "text",
    [
        "me dijo k brona en la fila",
        "a kid told my son he is a dickhead",
        "she yelled at me, you dickhead, in front of the kids",
    ],
)
def test_reported_words_are_quoted(rules: RuleSet, text: str) -> None:
    assert _quoted(rules, text)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("s u c k  a  d i c k", "suck a dick"),
        ("a  s n o w  day", "a snow day"),
        ("d a y  o f f", "d a y  o f f"),
        ("ƙųǥ", "kug"),
        ("pɛndɛjo", "pendejo"),
        ("jo+dan", "jo+dan"),
        ("c0ñ0000", "coño"),
        ("10000", "10000"),
    ],
)
def test_fold_closes_wide_gaps_and_reads_letters_with_marks(written: str, read: str) -> None:
    folded = fold(written)
    assert folded.text == read
    assert fold(folded.text).text == read
    assert len(folded.offsets) == len(folded.text)


def test_a_word_spelled_out_behind_an_article_is_shown_as_written(rules: RuleSet) -> None:
    assert swearing(rules, "coach is a p r i c k but") == ["a p r i c k"]
