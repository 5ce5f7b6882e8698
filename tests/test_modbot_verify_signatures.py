"""Signatures as the verifier of a third party checks them: after RFC 8032, without a library."""

from __future__ import annotations

import random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from modbot import modbot_verify
from modbot.modbot_verify import signed_by

# RFC 8032, section 7.1: secret key, public key, message, signature.
VECTORS = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
        "46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
        "d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
        "6594a7c15e9716ed28dc027beceea1ec40a",
    ),
    (
        "833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
        "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
        "bbd454d4423643ce80e2a9ac94fa54ca49f",
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
        "0303dca179c138ac17ad9bef1177331a704",
    ),
]


@pytest.mark.parametrize("vector", VECTORS, ids=["1", "2", "3", "SHA(abc)"])
def test_the_vectors_of_rfc_8032_are_verified(vector: tuple[str, ...]) -> None:
    secret, public, message, signature = map(bytes.fromhex, vector)
    assert Ed25519PrivateKey.from_private_bytes(secret).sign(message) == signature
    assert signed_by(public, message, signature)
    assert not signed_by(public, message + b"x", signature)
    for octet in (0, 31, 32, 63):
        broken = bytearray(signature)
        broken[octet] ^= 1
        assert not signed_by(public, message, bytes(broken))


def test_signatures_of_another_library_are_verified_and_what_it_refuses_is_not() -> None:
    rng = random.Random(3)
    for size in (0, 1, 33, 500):
        private, message = Ed25519PrivateKey.generate(), rng.randbytes(size)
        public, signature = private.public_key().public_bytes_raw(), private.sign(message)
        assert signed_by(public, message, signature)
        beyond = int.from_bytes(signature[32:], "little") + modbot_verify.L
        malleated = signature[:32] + beyond.to_bytes(32, "little")
        assert not signed_by(public, message, malleated)
        assert not signed_by(b"\xff" * 32, message, signature)
        assert not signed_by(public[:31], message, signature)
        assert not signed_by(
            Ed25519PrivateKey.generate().public_key().public_bytes_raw(), message, signature
        )
