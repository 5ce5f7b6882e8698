"""Words of a deal that is the writer's own or another private person's, and ways to reach them."""

from __future__ import annotations

import re
from typing import Final

from classifiers.fundraisers.accounts import accounts_in
from classifiers.links import links_in

_PRIVATE: Final = """
im mine me us we our eu meu meus minha minhas mi mis mio mia mios mias nos nuestro nuestra
conmigo primo prima comadre cousin cousins mom mami tia
dm dms inbox venmo zelle cashapp paypal pix hmu text call message msg snap whatsapp wasap telegram
zap privado interno direct mensaje mensagem chama facebook fb ig insta instagram marketplace
bodega colmado esquina restaurante bakery
extras spare sobra sobran sobro sobraron cheaper mitad half discount descuento
"""
_TRADE: Final = """
tengo hago hacemos compro busco soy rent rental rentals rento rep consultant looking same mismo
misma mismos mismas ex used worn obo firm usado usada usados usadas
"""
# Who has bought something there praises it and sells nothing; who bought too much may.
_BOUGHT: Final = r"(?:bought|ordered|compre|pedi)(?! too| extra| \w+ too|(?: \w+)? de mas)"
_PRAISES: Final = rf" (?:just |already |always )?(?:{_BOUGHT}|loved?|like|amo)\b"
_PURSE: Final = r" (?:\d+ )?(?:money|dollars?|bucks|cash|wallet|dignity|diet)\b"
_PRIVATE_FORMS: Final = (
    rf"(?:i|yo)(?!{_PRAISES})|my(?!{_PURSE})"
    r"|(?:an?|one|two|three|\d+|got|have|some|un|dos) (?:\w+ )?extra"
    r"|(?:vend|sell|resell|barat)\w*|(?:escrib|llam|mand)\w*(?:me|nos)|@\w+"
)
_PERSONS: Final = (  # whom to turn to: pm Rosa, but not 6 pm
    r"(?<!\d)(?<!\d )p\.?m\.?(?= \w)|hit up|across the street"
    r"|contact(?! (?:mrs?|ms|miss|coach|the)\b) \w+"
)
_TRADE_FORMS: Final = r"(?:alquil|alug|servi[cç]io|distribuidor|consultor)\w*|party bus|as is"
_SERVICES: Final = "(?:cash|whats) app|pay pal|apple (?:pay|cash)"


def _words(listed: str, forms: str) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(listed.split())}|{forms})(?!\w)")


_OWN: Final = _words(_PRIVATE, f"{_PRIVATE_FORMS}|{_PERSONS}|{_SERVICES}")
_DEALING: Final = _words(_TRADE, _TRADE_FORMS)


def speaks_of_own(folded: str) -> bool:
    """Does a folded text speak of the writer's own goods, or ask anybody to write or to pay?"""
    return _OWN.search(folded) is not None


def trades(folded: str) -> bool:
    """Does it sound like the deal of a person who trades, wants or has worn something?"""
    return speaks_of_own(folded) or _DEALING.search(folded) is not None


def gives_a_way_to_pay(text: str) -> bool:
    """Does a text hold a link, a number, an address or an account?"""
    return any(links_in(text)) or any(accounts_in(text))
