"""Is an offer one of the district's approved fundraisers?"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from classifiers.normalise import fold

_WORD: Final = re.compile(r"[a-zñ0-9]+(?:/[0-9]+)?")
_FILLERS: Final = frozenset(["a", "an", "and", "de", "el", "for", "in", "la", "of", "s", "the"])
# Words of a name that say who raises the money, or only that it is a sale.
_ANY_SALE_WORDS: Final = """
annual club drive elementary fund fundraiser high lhs lps middle sale school team
"""
_ANY_SALE: Final = frozenset(_ANY_SALE_WORDS.split())
_WHO_WORDS: Final = "band booster cheer class drama lancer marching pta pto senior wrestling"
_WHO: Final = frozenset(_WHO_WORDS.split())
# What people write for a word of a name.
_READS_AS: Final = {
    "tix": "ticket",
    "boleto": "ticket",
    "boleta": "ticket",
    "taquilla": "ticket",
    "entrada": "ticket",
    "ingresso": "ticket",
    "seat": "ticket",
    "clase": "class",
    "camiseta": "shirt",
    "camisa": "shirt",
    "tee": "shirt",
    "tshirt": "shirt",
    "sudadera": "hoodie",
    "rifa": "raffle",
    "anuario": "yearbook",
    "letrero": "sign",
    "lava": "wash",
    "lavado": "wash",
    "carro": "car",
    "libro": "book",
    "feria": "fair",
    "galleta": "cookie",
    "banda": "band",
    "dulce": "bake",
    "pastelito": "bake",
}


def is_approved(text: str, approved: Sequence[str]) -> bool:
    """Does a folded text speak of an approved fundraiser: its whole item, or two of its words?"""
    if not approved:
        return False
    said = _words(text)
    for name in approved:
        words = _name_words(name) - _ANY_SALE
        items = words - _WHO - {word for word in words if word.isdigit()}
        if len(words & said) >= 2 or (items and items <= said):
            return True
    return False


def _words(text: str) -> frozenset[str]:
    return frozenset(_stem(word) for word in _WORD.findall(text)) - _FILLERS


def _stem(word: str) -> str:
    one = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    return _READS_AS.get(one, one)


@lru_cache(maxsize=1024)
def _name_words(name: str) -> frozenset[str]:
    return _words(fold(name).text)
