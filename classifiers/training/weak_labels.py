"""Guesses for labels that a set does not give, from words that leave little doubt.

They carry a fraction of a row's weight. A sexual guess asks that people found the row toxic, or
every Dick Johnson would teach the model that his name is sexual.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

WeakLabels = dict[str, tuple[float, float]]  # label: target, share of the row's weight

# Patterns meet folded text: lower case, accents gone but for ñ.
_OBSCENE = re.compile(
    r"\b(?:(?:mother|mutha|cluster)?f+u+c?k\w*|fck\w*|wtf|stfu|gtfo|(?:bull|horse|dip)?shit\w*|bitch\w*"
    r"|(?:ass|arse|a)holes?|(?:dumb|jack|fat)ass(?:es)?|cunts?|bastards?|cocksuck\w*|dickheads?"
    r"|pricks?|twats?|wank\w*|whores?|sluts?"
    r"|put[ao]s?|hdp|hijueputa|hijos? de put\w+|mierdas?|co[ñn]o|cabron\w*|joder|jodid[ao]s?"
    r"|vergas?|carajos?|ching(?:a|ar|ado|ada|uen|as)|pendej\w+|culer[oa]s?|gilipollas|cojones|pollas?"
    r"|mamahuevos?|mamaguevos?|malparid[ao]s?|gonorreas?|hijueputas?|ctm|conchetumadre|weon\w*"
    r"|porra|caralho|merdas?|fod\w{1,3}|buceta|viado|arrombad[oa]|cuzao)\b"
)
_SEXUAL = re.compile(
    r"\b(?:blow ?jobs?|hand ?jobs?|suck(?:ing|s)? (?:my|his|your|a) (?:dick|cock|balls)"
    r"|puss(?:y|ies)|horny|nudes?|boobs?|titties|tits|porn\w*|cumshot|jerk(?:ing)? off|dildos?"
    r"|masturbat\w*|deepthroat|anal sex|orgasm\w*|erection|penis|vagina|fuck (?:me|her)|sex slave"
    r"|milf|gangbang"
    r"|tetas|tetotas|chup(?:a|ar|ame|amela|armela)|mamada|mamamela|porno\w*|foll(?:ar|arte|arla)"
    r"|cachond[ao]|masturb\w+|culito|culazo|pene|nalgas|pajear\w*)\b"
)
_VIOLENCE = (
    r"(?:kill|shoot|stab|hang|murder|strangle|behead|lynch|burn|bomb|beat|slaughter|execute|rape)"
)
_THREAT = re.compile(
    rf"\b(?:(?:i will|i'll|im|i'm|we will|we'll|gonna|going to|i should|i want to|someone should"
    rf"|needs? to be|ought to be|should (?:all )?be|deserves? to(?: be)?|must(?: be)?|let's"
    rf"|hope (?:you|they)) (?:\w+ ){{0,2}}?{_VIOLENCE}(?:ed|d|t|ped)?\b"
    r"|(?:hang|shot|hung) (?:them|him|her) all"
    r"|te (?:voy a|vamos a) (?:\w+ )?(?:matar|reventar|partir|romper|quemar|violar)"
    r"|(?:los|las|lo|la) (?:voy|vamos) a (?:matar|reventar|quemar|violar)"
    r"|hay que (?:matar|fusilar|quemar|colgar|exterminar)\w*|merecen? (?:morir|la muerte)"
    r"|ojala (?:te|se|los|las) (?:mueras?|mueran|maten|violen)|vou te matar|tem que morrer)"
)
_RUDE = re.compile(
    r"\b(?:idiot\w*|stupid\w*|morons?|dumb\w*|losers?|retard\w*|trash|garbage|scum|filth\w*|vermin"
    r"|ugly|fat|pathetic|disgusting|hate[ds]?|kill\w*|die|rape\w*|ass|dick\w*|crap|suck\w*|damn|hell"
    r"|pig|pigs|fools?|liars?|shut up|screw|sex\w*|hoes?|simps?|cuck\w*|thots?|nazis?"
    r"|nigg\w*|fag\w*)\b"
)
_OBSCENE_FOUND = 0.5
_NOT_OBSCENE_BUT_TOXIC = 0.15  # the list of swear words misses some
_OTHERS = 0.25


def weak_labels(folded_text: str, known: Mapping[str, float], *, hate_only: bool) -> WeakLabels:
    """Targets with their trust for labels that are not among the known ones; the rest is unknown.

    `hate_only` marks a set that says toxic of its hate alone and nothing of other rows: without
    a guess the model would take the voice of that forum for toxicity itself.
    """
    guesses: WeakLabels = {}
    toxicity = known.get("toxicity")
    obscene = bool(_OBSCENE.search(folded_text))
    if obscene:
        guesses["obscene"] = (1.0, _OBSCENE_FOUND)
    elif toxicity is not None:
        guesses["obscene"] = (0.0, _OTHERS if toxicity < 0.5 else _NOT_OBSCENE_BUT_TOXIC)
    if toxicity is None:
        harmless = hate_only and known.get("identity_attack") == 0 and not obscene
        if harmless and not _RUDE.search(folded_text):
            guesses["toxicity"] = (0.0, _OTHERS)
        return guesses
    toxic = toxicity >= 0.5
    guesses["sexual"] = (float(toxic and bool(_SEXUAL.search(folded_text))), _OTHERS)
    if not toxic:
        guesses["threat"] = (0.0, _OTHERS)
    elif _THREAT.search(folded_text):
        guesses["threat"] = (1.0, _OTHERS)
    return guesses
