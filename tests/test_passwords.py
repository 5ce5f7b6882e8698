"""What a password has to be, and how it is kept."""

from __future__ import annotations

import threading
import time

import pytest

from modbot.errors import PersonRefused
from modbot.people import passwords
from modbot.people.guessed_first import is_common

COMMON = [
    *("password1234", "passwordpassword", "P@ssw0rd1234", "qwertyuiopas", "123456789012"),
    *("1q2w3e4r5t6y", "iloveyou1234", "administrator", "Welcome2026!!", "letmein12345"),
    *("lawrence2026!", "LancerPride2026", "abcdefghijkl", "aaaaaaaaaaaab", "correcthorse"),
    *("summer2026!!!", "lawrenceschools1", "1qaz2wsx3edc", "qwerty123456", "!QAZ2wsx#EDC"),
    *("Monday123456", "iloveyou-forever", "changeme-please", "football2025!", "Contraseña2026"),
    *("bienvenidos2026", "111111111111", "abc123abc123", "zaq12wsxcde3", "superman12345"),
    *("princess2026!", "098765432109"),
]
GOOD = [
    "a parent writes to us daily",
    "correct horse battery staple",
    "zebra-quilt-fjord-88",
    "Tr0ub4dor&3xyz",
    "kZ8!vPq2#mLw",
    "blue tiger sings loudly",
    "el río no duerme nunca",
    "x7Gh2kLp9QwZ",
    "пароль из четырёх слов",
]


@pytest.mark.parametrize("password", COMMON)
def test_what_is_tried_first_is_refused(password: str) -> None:
    with pytest.raises(PersonRefused) as refused:
        passwords.check_new(password, name="Ana Peña", email="ana@lps.test")
    assert refused.value.code == "common"


@pytest.mark.parametrize("password", GOOD)
def test_a_good_password_is_taken(password: str) -> None:
    passwords.check_new(password, name="Ana Peña", email="ana@lps.test")


@pytest.mark.parametrize(
    ("password", "code"),
    [
        pytest.param("kZ8!vPq2#mL", "short", id="eleven characters"),
        pytest.param("kZ8!vPq2" * 40, "long", id="320 characters"),
        pytest.param("ana.pena@lps.test", "tells_who", id="the address"),
        pytest.param("PeñaGutiérrez77", "tells_who", id="the name"),
    ],
)
def test_what_else_is_refused(password: str, code: str) -> None:
    with pytest.raises(PersonRefused) as refused:
        passwords.check_new(password, name="Ana Peña Gutiérrez", email="ana.pena@lps.test")
    assert refused.value.code == code


def test_a_password_is_kept_as_argon2id_with_64_mib() -> None:
    stored = passwords.hash_password("a parent writes to us daily")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert passwords.matches(stored, "a parent writes to us daily")
    assert not passwords.matches(stored, "a parent writes to us daily ")
    assert not passwords.outdated(stored)


def test_nothing_matches_where_nothing_or_nonsense_is_stored() -> None:
    assert not passwords.matches("", "")
    assert not passwords.matches("nonsense", "nonsense")


def test_the_same_letters_in_two_spellings_are_the_same_password() -> None:
    stored = passwords.hash_password("contrase\u00f1a del r\u00edo 9")
    assert passwords.matches(stored, "contrasen\u0303a del ri\u0301o 9")


def test_no_more_than_two_hashes_are_made_at_once() -> None:
    """Six threads, two at a time: each hash has to wait for the two before it."""
    stored = passwords.hash_password("a parent writes to us daily")
    began, ended = [], []

    def check() -> None:
        passwords.matches(stored, "x")
        ended.append(time.perf_counter())

    threads = [threading.Thread(target=check) for _ in range(6)]
    began.append(time.perf_counter())
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    taken = sorted(moment - began[0] for moment in ended)
    assert taken[5] > 2 * taken[0]


def test_a_long_password_is_looked_at_in_no_time() -> None:
    began = time.perf_counter()
    is_common("ab1!" * 64)
    is_common("lawrence" * 32)
    assert time.perf_counter() - began < 0.5
