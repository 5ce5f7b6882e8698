"""Detoxify's files in small: a network that knows a few words, and a trained checkpoint."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from classifiers.detoxify import MANIFEST, NETWORK, TOKENIZER, Manifest

ORIGINAL = ("toxicity", "severe_toxicity", "obscene", "threat", "insult", "identity_attack")
UNBIASED = (
    *("toxicity", "severe_toxicity", "obscene", "identity_attack", "insult", "threat"),
    "sexual_explicit",
)
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
CORPUS = Path(__file__).parents[1] / "corpus" / "dev.jsonl"


def corpus_texts() -> list[str]:
    """The comments of the corpus, short and long, in English and Spanish."""
    return [json.loads(line)["comment"] for line in CORPUS.read_text("utf-8").splitlines()]


def write_tokenizer(file: Path, texts: Iterable[str]) -> int:
    """A BERT tokenizer that knows the texts' words and all their letters; its vocabulary's size."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

    words = sorted({word for text in texts for word in re.findall(r"\w+|[^\w\s]", text.lower())})
    letters = sorted({letter for word in words for letter in word})
    entries = dict.fromkeys([*SPECIAL, *words, *letters, *(f"##{letter}" for letter in letters)])
    vocabulary = {entry: number for number, entry in enumerate(entries)}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True, strip_accents=False)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    tokenizer.save(str(file))
    return len(vocabulary)


def write_manifest(folder: Path, **changes: Any) -> None:
    """The manifest of the files that are there."""
    manifest = Manifest(
        **{
            "model": "detoxify-original",
            "precision": "float32",
            "classes": ORIGINAL,
            "max_tokens": 16,
            "pad_id": 0,
            "checkpoint_sha256": "c" * 64,
            "files": {
                name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
                for name in (NETWORK, TOKENIZER)
            },
            **changes,
        }
    )
    (folder / MANIFEST).write_text(json.dumps(asdict(manifest)), "utf-8")


def write_word_model(
    folder: Path,
    words: Mapping[str, Mapping[str, float]],
    *,
    classes: Sequence[str] = ORIGINAL,
    **manifest: Any,
) -> Path:
    """An exported model that gives a text the highest score that any of its words has.

    Padding scores 1 in every class unless the mask hides it.
    """
    folder.mkdir(parents=True)
    size = write_tokenizer(folder / TOKENIZER, [*words, "abcdefghijklmnopqrstuvwxyz fine"])
    vocabulary = json.loads((folder / TOKENIZER).read_text("utf-8"))["model"]["vocab"]
    table = np.zeros((size, len(classes)), dtype=np.float32)
    table[0] = 1.0
    for word, scores in words.items():
        for name, score in scores.items():
            table[vocabulary[word], classes.index(name)] = score
    _write_look_up(folder / NETWORK, table)
    write_manifest(folder, classes=tuple(classes), **manifest)
    return folder


def _write_look_up(file: Path, table: Any) -> None:
    """A network whose scores are the largest of the tokens' rows in the table."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    axes = numpy_helper.from_array(np.array([2]), "last")
    graph = helper.make_graph(
        [
            helper.make_node("Gather", ["table", "input_ids"], ["found"]),
            helper.make_node("Cast", ["attention_mask"], ["mask"], to=TensorProto.FLOAT),
            helper.make_node("Unsqueeze", ["mask", "last"], ["wide"]),
            helper.make_node("Mul", ["found", "wide"], ["seen"]),
            helper.make_node("ReduceMax", ["seen"], ["scores"], axes=[1], keepdims=0),
        ],
        "words",
        [
            helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "length"])
            for name in ("input_ids", "attention_mask")
        ],
        [helper.make_tensor_value_info("scores", TensorProto.FLOAT, ["batch", table.shape[1]])],
        [numpy_helper.from_array(table, "table"), axes],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(file))


def vendor_config(model_name: str, model_type: str, outputs: int) -> dict[str, Any]:
    """What the vendor's checkpoints hold beside the weights; model_type is a name on a hub."""
    return {
        "name": "Jigsaw_BERT",
        "arch": {
            "type": "BERT",
            "args": {
                "num_classes": outputs,
                "model_type": model_type,
                "model_name": model_name,
                "tokenizer_name": "BertTokenizer",
            },
        },
        "dataset": {
            "type": "JigsawDataOriginal",
            "args": {
                "classes": [
                    *("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")
                ]
            },
        },
    }


def write_spread_checkpoint(folder: Path, *, seed: int = 1) -> float:
    """A small BERT taught made-up word scores until its own spread by 0.2; the spread.

    Leaves checkpoint.ckpt, config.json and tokenizer.json.
    """
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    texts = corpus_texts()[:200]
    size = write_tokenizer(folder / TOKENIZER, texts)
    settings = BertConfig(
        vocab_size=size,
        hidden_size=64,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=128,
        max_position_embeddings=128,
        num_labels=len(ORIGINAL),
    )
    torch.manual_seed(seed)
    network = BertForSequenceClassification(settings)
    tokens, mask = _read(folder / TOKENIZER, texts)
    worth = torch.randn(size, len(ORIGINAL)) * (torch.arange(size) >= len(SPECIAL))[:, None]
    heard = (worth[tokens] * mask[:, :, None]).sum(1) / mask.sum(1, keepdim=True) ** 0.5
    spread = _teach(network, tokens, mask, torch.sigmoid(2.5 * heard))
    state = dict(network.state_dict())
    state["bert.embeddings.position_ids"] = torch.arange(128).expand(1, -1).clone()
    held = {
        "config": vendor_config("BertForSequenceClassification", "bert-base-uncased", 6),
        "state_dict": state,
    }
    torch.save(held, folder / "checkpoint.ckpt")
    values = {**settings.to_dict(), "model_type": "bert"}
    (folder / "config.json").write_text(json.dumps(values), "utf-8")
    return spread


def _read(file: Path, texts: Sequence[str]) -> tuple[Any, Any]:
    """Tokens and mask of the texts, padded to one length."""
    import torch
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(file))
    tokenizer.enable_truncation(128)
    tokenizer.enable_padding()
    read = tokenizer.encode_batch(list(texts))
    return torch.tensor([e.ids for e in read]), torch.tensor([e.attention_mask for e in read])


def _teach(network: Any, tokens: Any, mask: Any, targets: Any) -> float:
    import torch

    optimizer = torch.optim.AdamW(network.parameters(), lr=2e-3)
    for _ in range(30):
        network.train()
        for batch in torch.randperm(len(tokens)).split(50):
            longest = int(mask[batch].sum(1).max())
            logits = network(
                input_ids=tokens[batch, :longest], attention_mask=mask[batch, :longest]
            ).logits
            optimizer.zero_grad()
            torch.nn.functional.binary_cross_entropy_with_logits(logits, targets[batch]).backward()
            optimizer.step()
        network.eval()
        with torch.inference_mode():
            scores = torch.sigmoid(network(input_ids=tokens, attention_mask=mask).logits)
        if float(scores.std()) >= 0.26:
            break
    return float(scores.std())
