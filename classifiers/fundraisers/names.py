"""Which approved fundraiser a comment speaks of: its item, and nobody else's."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from classifiers.normalise import fold

_WORD: Final = re.compile(r"[a-zñ0-9]+(?:/[0-9]+)?")
_YEAR: Final = re.compile(r"20\d\d")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_FILLERS: Final = _set("a an and de del el for in la los of s the t")
# Words of a name that say only that it is a sale, or that the district is behind it.
_ANY_SALE: Final = _set(
    "annual club drive elementary fund fundraiser grade high lhs lps middle sale school team"
)
# Groups that everybody belongs to or cheers for.
_ANYONE: Final = _set("class lancer senior")
# Who raises the money. A comment that names another group offers something else.
_GROUPS: Final = _set("""
    band booster cheer choir class dance drama guard lancer marching orchestra pta pto robotics
    senior junior sophomore freshman council art culinary fashion wrestling football soccer
    basketball baseball softball volleyball hockey lacrosse track swim tennis arlington bruce
    frost guilmette leahy leonard oliver parthum sle tarbox wetherbee
""")
_STRANGERS: Final = _set("""
    aau brendan church iglesia parroquia igreja scout templo parish ministry ministerio temple
    gofundme boutique negocio
""")
# What is sold. A comment that names another thing in place of the approved one is another sale.
_GOODS: Final = _set("""
    apparel bake basket blanket book bracelet brownie bouquet candle candy cake calendar card
    carnation chocolate cookie cupcake donut dress earring empanada flower hat hoodie jersey
    jewelry keychain lanyard lasagna lemonade lollipop magnet makeup mattress mug nail necklace
    ornament pastel perfume photo pie pin pizza plant plate poinsettia popcorn poster pretzel
    raffle ring rose scarf seedling shirt shoe sign sneaker soap sock sticker sweatshirt tamale
    taco ticket tumbler wash wreath wristband yearbook
""")
# A word of a name that stands for all of these.
_WARES: Final = {
    **dict.fromkeys(
        ("concession", "snack"),
        _set("candy chocolate cookie hotdog juice lemonade nacho pizza popcorn pretzel soda water"),
    ),
    "flower": _set("bouquet carnation daffodil rose tulip"),
    "wear": _set("apparel hat hoodie shirt sweatshirt"),
    "merch": _set("apparel hat hoodie shirt sticker sweatshirt"),
}
# What people write for a word of a name.
_READS_AS: Final = {
    **dict.fromkeys(("tix", "boleto", "boleta", "taquilla", "entrada", "ingresso"), "ticket"),
    **dict.fromkeys(("camiseta", "camisa", "tee", "tshirt", "polera", "playera"), "shirt"),
    **dict.fromkeys(("sudadera", "abrigo", "moletom"), "hoodie"),
    **dict.fromkeys(("lava", "lavado", "lavadero"), "wash"),
    **dict.fromkeys(("dulce", "pastelito", "bizcocho", "bolo"), "bake"),
    **dict.fromkeys(("chocolate", "caramelo"), "candy"),
    **dict.fromkeys(("vela", "velon"), "candle"),
    **dict.fromkeys(("flor", "flore", "ramo"), "flower"),
    **dict.fromkeys(("clavel", "clavele"), "carnation"),
    **dict.fromkeys(("scarve", "bufanda"), "scarf"),
    **dict.fromkeys(("cobija", "frisa", "manta"), "blanket"),
    **dict.fromkeys(("libro", "livro"), "book"),
    **dict.fromkeys(("pulsera", "pulserita", "brazalete"), "bracelet"),
    **dict.fromkeys(("perrito", "palomita"), "popcorn"),
    **dict.fromkeys(("pascua", "nochebuena", "pointsettia", "poinsetta"), "poinsettia"),
    **dict.fromkeys(("plato", "platillo"), "plate"),
    **dict.fromkeys(("afiche", "cartel"), "poster"),
    "calcomania": "sticker",
    "calendario": "calendar",
    "colchon": "mattress",
    "colchone": "mattress",
    "corona": "wreath",
    "gorro": "hat",
    "llavero": "keychain",
    "manilla": "wristband",
    "plantita": "seedling",
    "jabon": "soap",
    "maquillaje": "makeup",
    "media": "sock",
    "planta": "plant",
    "seat": "ticket",
    "asiento": "ticket",
    "vestido": "dress",
    "clase": "class",
    "rifa": "raffle",
    "anuario": "yearbook",
    "letrero": "sign",
    "carro": "car",
    "feria": "fair",
    "galleta": "cookie",
    "banda": "band",
    "perfume": "perfume",
    "uña": "nail",
    "collar": "necklace",
    "arete": "earring",
    "zapato": "shoe",
    "teni": "shoe",
    "limonada": "lemonade",
    "lucha": "wrestling",
    "coro": "choir",
    "baile": "dance",
}

# No cards for sale.
_PAID_BY_CARD: Final = re.compile(r"\b(?:cash|credit|debit)(?:,? or|,? and)? cards?\b")
# Written as one word or as two.
_COMPOUND: Final = re.compile(r"\b(car|lava)(wash|carros?|autos?)\b|\b(bake)(sale)\b")


def is_named(said: frozenset[str], name: str) -> bool:
    """Do a text's words() speak of this fundraiser: its whole item, or two words of its name,
    and of no other group, year or item in their place?"""
    own = _read_name(name)
    if not own.strangers.isdisjoint(said) or _other_year(said, own.years):
        return False
    if own.items and own.items <= said:
        return own.rivals.isdisjoint(said) or not own.groups.isdisjoint(said)
    if not own.other_goods.isdisjoint(said) and own.items.isdisjoint(said):
        return False
    return len(own.telling & said) >= 2


def offers_goods_of(
    said: frozenset[str], about: frozenset[str], name: str, *, at_school: bool
) -> bool:
    """Do a text's words() name all goods of this fundraiser and no other goods, group, year or
    stranger, where the text and its post (`about`) say two words of its name or the text says where
    in a school?"""
    own = _read_name(name)
    if not own.sells or _other_year(said, own.years):
        return False
    if not (own.goods <= said if own.goods else own.wares & said):
        return False
    if not (own.strangers | own.rivals | own.other_goods).isdisjoint(said):
        return False
    return at_school or len(own.telling & (said | about)) >= 2


def speaks_of(text: str, name: str) -> bool:
    """is_named() of a text as written; without it no offer is cleared for this fundraiser."""
    return is_named(words(fold(text).text), name)


def _other_year(said: frozenset[str], own: frozenset[str]) -> bool:
    """A class of another year: only where the name itself has one."""
    if not own:
        return False
    told = {word for word in said if _YEAR.fullmatch(word)}
    return bool(told) and not own & told


def words(text: str) -> frozenset[str]:
    """The words of a folded text, as fundraisers' names are read."""
    text = _COMPOUND.sub(r"\1\3 \2\4", _PAID_BY_CARD.sub("cash", text))
    return frozenset(_stem(word) for word in _WORD.findall(text)) - _FILLERS


def _stem(word: str) -> str:
    one = word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
    return _READS_AS.get(one, one)


class _Name(NamedTuple):
    """A fundraiser's name."""

    items: frozenset[str]  # what it sells
    goods: frozenset[str]  # of these what is a known thing
    wares: frozenset[str]  # what else a word of it stands for
    sells: bool  # known things, and does not only collect them
    telling: frozenset[str]  # all its words but those of any sale
    groups: frozenset[str]
    years: frozenset[str]
    # Words that speak of another sale.
    strangers: frozenset[str]
    rivals: frozenset[str]
    other_goods: frozenset[str]


@lru_cache(maxsize=1024)
def _read_name(name: str) -> _Name:
    own = words(fold(name).text)
    items = frozenset(word for word in own - _GROUPS - _ANY_SALE if not word.isdigit())
    wares = frozenset[str]().union(*(_WARES[word] for word in own if word in _WARES))
    return _Name(
        items=items,
        goods=items & _GOODS,
        wares=wares,
        sells="drive" not in own and (bool(wares) or not items.isdisjoint(_GOODS)),
        telling=own - _ANY_SALE,
        groups=own & _GROUPS,
        years=frozenset(filter(_YEAR.fullmatch, own)),
        strangers=_STRANGERS - own,
        rivals=_GROUPS - own - _ANYONE,
        other_goods=_GOODS - own - wares,
    )
