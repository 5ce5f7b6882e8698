"""Disguises that only a list of words can undo, and all that must never be taken for one."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from classifiers.normalise import fold
from classifiers.respelling import respellings
from classifiers.rules import RuleSet
from modbot.domain import Category
from tests.classifiers.test_rules import comment_on

RULES = Path(__file__).parents[2] / "config" / "rules"


@pytest.fixture(scope="module")
def rules() -> RuleSet:
    return RuleSet.load(RULES)


def swearing(rules: RuleSet, text: str) -> list[str]:
    """The words for which a comment would be hidden as profanity."""
    return [
        signal.evidence.text
        for signal in rules.judge(comment_on(text))
        if signal.category is Category.PROFANITY and signal.score > 0.9
    ]


RESPELLED = """
fcuk shti biatch pñeta fck bstrd pndj mrd hjpt pendjo cbron crajo karajo kabron kbrones koño conyo
kulo mamawebo vrga berga phuck bytch azzhole shitt puuta mierdda tihs cñooo joputa gilipoyas
mmgvo cvlo pvta kagada bicth whroe asshoel pednejo mireda coñ0
"""


@pytest.mark.parametrize("word", RESPELLED.split())
def test_a_respelled_swear_word_is_known(rules: RuleSet, word: str) -> None:
    assert swearing(rules, f"oye {word} ya") == [word]


MIXED = [
    *("sh1t", "$h!t", "b!tch", "b0st@", "m13rd4", "g0n0rr34", "f@66ot", "c4br0n", "ch!ng0nes"),
    *("p3nd3j0", "h1jueput4", "k4br0n", "@$$hole", "4sshole", "fu(k", "8itch", "sh|t", "5h1t"),
    *("$h1+", "sh!+", "@$$", "f@#k", "f*@#in", "sh*******t", "fatf*ck", "bullsh*t"),
    *("mier.da", "f.uck", "pu-ta", "c-o-ñ-o", "ca_bron", "f*ck", "s**t", "p*ta", "d*mb*ss", "f..k"),
    *("f🅾️ck", "sh🕳t", "c🎺ño", "cabr🎺n", "🅱️itch", "🅱️ull$hit", "hijue🍆", "f💩ck", "🖕"),
    *("🇫🇺🇨🇰", "🇸🇭🇮🇹", "🇫 🇺 🇨 🇰", "sh1️⃣t", "ｓｈｉｔ", "𝓯𝓾𝓬𝓴", "ⓕⓤⓒⓚ", "s\u200bh\u2060it", "ѕһіт"),
]


@pytest.mark.parametrize("word", MIXED)
def test_signs_digits_and_emoji_among_the_letters_hide_nothing(rules: RuleSet, word: str) -> None:
    assert len(swearing(rules, f"oye {word} ya")) == 1


@pytest.mark.parametrize(
    "text", ["chin g a d a", "pende jo", "k u l o", "f u c k", "c o ñ o", "mier da", "bas tard"]
)
def test_a_word_torn_apart_is_put_together(rules: RuleSet, text: str) -> None:
    assert swearing(rules, f"vayan a la {text} todos") == [text]


INNOCENT = """
it's $20 @ 5 | @$5 each | win $$$ now | C# class | 100%!! yes | A+!! | B1+2 | Math+ | got a hi!+
pen island | 142,460 dollars | as Sam says | it's hit or miss | Luis hit it | a s s i s t
Luis.hit me up | fuel | Pol la llamó | he's hit | who're you | I can't | pass it on | as she asks
sh, it is late | class hit list | cum laude | coger el bus | la concha de mar | un bicho raro
pico de gallo | huevos revueltos con salami | dos huevos fritos | docena de huevos a 6 pesos
polla con arroz | la puya del cactus | computadora nueva | año nuevo | ano de nacimiento
un cono de helado | un bichito | Scunthorpe | Dick Johnson | Dickinson | shiitake | cock pheasant
the cocker spaniel | Moby Dick | pussy willow | Matsushita | assess, assign, assist | sheet music
beach batch botch | clear the clean class | prick your finger | a bitch gave birth to a litter
the ass and the ox, a donkey | mamá y papá | las mamás de la clase | carbón y caja | pura vida
saga y cine | la nieta juega | miradas | juntos | culto | prova de matemática | certas pessoas
as provas | sapatos | setores | cultos | cheiro de mofo na sala | me pinche a la niña
pinches para el pelo | ayudante de cocina | bichos de mi casa | Kike y yo | mi primo Kike
single slot | shed a tear | Putin | polls open at 7 | pulls up | Upton | upto 5 kids
Jody and Jodi | Judas | Jude Law | gracias🇩🇴🇵🇷 | 🇩🇴 🇵🇷 🇬🇹 | love💙you | so...it goes | go--on
wait... it is | A1 B2 C3 | room 3A | 5th grade | 1st | H1N1 | 4pm | w/o it | s/he | m/d/y | U.S.A.
e.g. this | i.e. that | Ph.D. | a.m. to p.m. | p.s. it | 50/50 | 3-2-1 | T-shirt | X-ray | a b c d
1 2 3 4 | s t e m | S.T.E.M. night | P T O | P.T.A. | M T W T F | MTW then W-T-F | K-8
f/u with me | M&M's | Is PTM on Friday? | the TF (task force) | MMG de la mamografía
CSM, command sergeant major | Cummins Street | Niger | Es culto y amable | un curso | la hijita
una puntada | mira da gusto | te da rabia | el cura bronco | Ana le da pan | put a sock in it
put on shoes | put as many | cut a pie | a sin a day | sing a song | sing along | king of fun
bit chilly | has holes | as holes go | ho hum | shirt | shot | short | shut | shift | sift | fact
duck | luck | buck | puck | tuck
I looked but the ad said six | good but the ads were long | 4-H and jobs fair | sing and oh my
perdimos cinco a cero, te lo juro | qué escuela más bella, que es mía | una noche bella, que ando
he, she, male, female | he/she, male/female | is it a sub, normal day? | traigan miel, da energía
obrigado pelo apoio, pelo tudo | Mama, dores de cabeça | mar, icon of our town | is it bad as z?
3 inch is short | la voz bella que es de Ana | parents who re coming | beeches, elms | pins...
thanks Dick, head of security | pins-- two each | Pins12 | a laser pointer | Damier | Sinués
"""


@pytest.mark.parametrize(
    "text", [text.strip() for line in INNOCENT.strip().splitlines() for text in line.split("|")]
)
def test_innocent_words_side_by_side_make_no_swear_word(rules: RuleSet, text: str) -> None:
    assert swearing(rules, text) == []


def test_a_disguise_is_shown_as_it_was_written(rules: RuleSet) -> None:
    found = rules.judge(comment_on("qué M13RD4 de día, 🅱️ullsh🕳️t"))
    assert [signal.evidence.text for signal in found] == ["M13RD4", "🅱️ullsh🕳️t"]


def test_short_words_have_no_respellings() -> None:
    assert respellings("ass", "en") == frozenset()
    assert "fcuk" in respellings("fuck", "en")
    assert "fuel" not in respellings("fuck", "en")


def test_an_innocent_word_in_a_list_takes_a_respelling_back(tmp_path: Path) -> None:
    swears = "category: profanity\nlanguage: es\n[strong]\nzorker\n"
    (tmp_path / "swears.txt").write_text(swears)
    assert swearing(RuleSet.load(tmp_path), "zroker") == ["zroker"]
    (tmp_path / "innocent.txt").write_text("[innocent]\nzroker other words\n")
    assert swearing(RuleSet.load(tmp_path), "zroker") == []


HEAVY = [
    "m1",
    "a.b",
    "a ",
    "fu ",
    "f..",
    "a💩",
    "p@",
    "🇫",
    "🇫 ",
    "mier da ",
    "zq",
    "sh1tx ",
    "...",
    "1a!",
    *("s h i t ", "l a p u t a ", "ʞɔnɟ "),
]


@pytest.mark.parametrize("piece", HEAVY)
def test_time_grows_linearly_with_disguises(rules: RuleSet, piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        begin = time.process_time()
        folded = fold(text)
        rules.judge(comment_on(text))
        assert len(folded.text) <= length
        return time.process_time() - begin

    short = max(min(seconds(10_000) for _ in range(2)), 0.002)
    assert min(seconds(100_000) for _ in range(3)) < 40 * short
