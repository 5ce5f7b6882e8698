"""fold(): every disguise read, no innocent word harmed, offsets kept."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from classifiers.normalise import fold

DISGUISES = [
    ("FUCK", "fuck"),
    ("fück", "fuck"),
    ("ѕhіt", "shit"),
    ("𝒻𝓊𝒸𝓀", "fuck"),
    ("Ｆｕｃｋ", "fuck"),
    ("🅱itch", "bitch"),
    ("fu\u200bck", "fuck"),
    ("fu\u202eck", "fuck"),
    ("fu\0ck", "fuck"),
    ("f̷u̷c̷k̷", "fuck"),
    ("sh1t", "shit"),
    ("@$$hole", "asshole"),
    ("dumba$$", "dumbass"),
    ("a$ap", "asap"),
    ("b!tch", "bitch"),
    ("a$$", "ass"),
    ("@ss", "ass"),
    ("a55hole", "asshole"),
    ("1d10t", "idiot"),
    ("m0r0n", "moron"),
    ("un@live", "unalive"),
    ("pr3stam0s", "prestamos"),
    ("s h i t", "shit"),
    ("f.u.c.k", "fuck"),
    ("c o ñ o", "coño"),
    ("b.u.l.l.s.h.i.t. indeed", "bullshit. indeed"),
    ("s\nh\ni\nt", "shit"),
    ("s   h   i   t", "shit"),
    ("f u n day", "fun day"),
    ("ꜱʜɪᴛ", "shit"),
    ("ᔕᕼIT", "shit"),
    ("ꓢꓧꓲꓔ", "shit"),
    ("₥ɨɇɍđ₳", "mierda"),
    ("ƒυηηу ΗI", "funny hi"),
    ("shiiiit", "shit"),
    ("fuuuuckkkkkk", "fuck"),
    ("asssss", "ass"),
    ("#GoLancersGo", "#go lancers go"),
    ("ThankYouTeachers", "thank you teachers"),
    ("Sí señor", "si señor"),
    ("an\u0303o", "año"),
    ("🇫🇺🇨🇰", "fuck"),
    ("🇸🇭🇮🇹", "shit"),
    ("🇫 🇺 🇨 🇰", "fuck"),
    ("f🇺ck", "fuck"),
    ("f🅾️lla", "folla"),
    ("c🆎ron", "cabron"),
    ("sh1️⃣t", "shit"),
    ("ⓢⓗⓘⓣ", "shit"),
    ("𝕊𝕙𝕚𝕥", "shit"),
    ("sh\u2066it\u2069", "shit"),
    ("s\ufe0fh\u00adit", "shit"),
    ("ɹǝʌǝ", "ever"),
    ("ʇıɥsllnq", "bullshit"),
    ("so: ɐʇnd ɐl ɐʌ!", "so: va la puta!"),
    ("#MeCagoEnTodo", "#me cago en todo"),
    ("“¿qué?” — dijo…", '"¿que?" - dijo...'),
]


@pytest.mark.parametrize(("written", "read"), DISGUISES, ids=[repr(d[0]) for d in DISGUISES])
def test_a_disguise_is_read(written: str, read: str) -> None:
    assert fold(written).text == read


INNOCENT = [
    "142,460 dollars",
    "room 3a",
    "1st and 5th grade",
    "9am to 4pm",
    "$40/hr",
    "18.40 at 7:30",
    "covid19",
    "a b c",
    "pen island",
    "u.s.a.",
    "yes!we can",
    "@keila.rms",
    "lorna.whitt@example.com",
    "www.example.com/sss1e",
    "example.com/8fk2aaa",
    "el ano no es el año",
    "💙🔥",
    "🇩🇴🇵🇷",
    "🇬🇹 🇸🇻 🇭🇳",
    "gracias🇩🇴",
    "🍑🍆",
    "room 142,460",
    "a s",
    "i.e. the e.g. above",
]


@pytest.mark.parametrize("text", INNOCENT)
def test_numbers_names_and_addresses_stay_as_they_are(text: str) -> None:
    assert fold(text).text == text


def test_offsets_lead_back_to_the_words_as_written() -> None:
    text = "Oh 💙 ＳＨ\u200bｉｉｉｉt now"
    folded = fold(text)
    at = folded.text.index("shit")
    start, end = folded.span(at, at + 4)
    assert text[start:end] == "ＳＨ\u200bｉｉｉｉt"
    assert folded.offsets[0] == (0, 1)


def test_spelled_out_letters_map_to_the_whole_stretch() -> None:
    text = "well f u c k that"
    folded = fold(text)
    at = folded.text.index("fuck")
    assert text[slice(*folded.span(at, at + 4))] == "f u c k"


def test_words_written_upside_down_map_to_the_whole_stretch() -> None:
    text = "hey: ʞɔnɟ noʎ ok"
    folded = fold(text)
    assert folded.text == "hey: you fuck ok"
    at = folded.text.index("fuck")
    assert text[slice(*folded.span(at, at + 4))] == "ʞɔnɟ noʎ"
    assert text[slice(*folded.span(0, 3))] == "hey"
    assert text[slice(*folded.span(len(folded.text) - 2, len(folded.text)))] == "ok"


@pytest.mark.parametrize(
    ("text", "read"),
    [("/kʌp/, /kɹaɪ/", "/kvp/, /krai/"), ("one ʌ", "one v"), ("a ʌs", "a vs"), ("cɐʇ", "cat")],
)
def test_letters_of_a_phonetic_alphabet_keep_their_order(text: str, read: str) -> None:
    assert fold(text).text == read


def test_lone_surrogates_can_be_encoded_after_folding() -> None:
    assert fold("a\ud800b").text.encode() == "a\ufffdb".encode()


NASTY = "ʇɐɔbnaafuckshitnñÑN\u0303\u200b .-_@$!|+01345789'#AZBéѕ\ufdfa\ud800\u202e\x00\n/:ß💩🇫🇺🅾️ʇ…"
TEXTS = st.text(st.one_of(st.sampled_from(NASTY), st.characters()), max_size=50)


@settings(max_examples=1500, deadline=None)
@given(TEXTS)
@example("a a a a b c d")
@example("f.f.f.f u c k")
@example("\ufdfa" * 3)
@example("İ\u0307ﬁ½Å")
def test_folding_twice_changes_nothing_and_offsets_stay_inside(text: str) -> None:
    folded = fold(text)
    assert fold(folded.text).text == folded.text
    assert len(folded.offsets) == len(folded.text)
    assert all(0 <= start <= end <= len(text) for start, end in folded.offsets)
    assert len(folded.text) <= 18 * len(text)


HEAVY = [
    "a",
    "a.",
    "f u c k ",
    "1a",
    "a@",
    "aB",
    "www.",
    "aaa.",
    "é\u0301",
    "a.com ",
    "\ufdfa",
    "🇫🇺 ",
    "🇩🇴",
    "ʇɐ!",
    "ʇɐ ",
    "ʇɐb",
]


@pytest.mark.parametrize("piece", HEAVY)
def test_time_grows_linearly_with_hostile_text(piece: str) -> None:
    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        begin = time.process_time()
        fold(text)
        return time.process_time() - begin

    short = max(min(seconds(10_000) for _ in range(3)), 0.0005)
    assert min(seconds(100_000) for _ in range(3)) < 60 * short
