"""Detoxify by ONNX beside Detoxify by torch: `python -m tests.benchmarks.bench_detoxify`.

A checkpoint of BERT-base's size with random weights goes through `modbot model export`'s own code;
then 60 comments, a few of them long, are scored by

- torch one by one, as Detoxify's predict() does with each comment (tokenise, forward, sigmoid),
- torch on the same sorted batches that modbot uses,
- the exported int8 network one by one, and as modbot runs it.

Rounds alternate, each way has the same time in each, and its best pass counts, in the processor's
time; other work on the machine slows int8 more than torch: look at an idle one. Scores of random
weights hardly spread: how exact int8 is, is measured by tests/classifiers/test_detoxify_export.py.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np

from classifiers.detoxify import BATCH_TOKENS, TOKENIZER, DetoxifyClassifier, Tokenizer, batches
from tests.classifiers.detoxify_files import (
    ORIGINAL,
    corpus_texts,
    vendor_config,
    write_tokenizer,
)

BAR_ONE_BY_ONE, BAR_BATCHED = 4.0, 2.5
TEXTS, LONG_TEXTS, LONG_WORDS = 60, 4, 320
VOCABULARY = 30_522
ROUND_SECONDS = 5.0


def chosen_texts() -> list[str]:
    """Comments of the corpus, and some of several hundred words."""
    corpus = corpus_texts()
    words = " ".join(corpus).split()
    long = [" ".join(words[n * LONG_WORDS : (n + 1) * LONG_WORDS]) for n in range(LONG_TEXTS)]
    return [*corpus[:: len(corpus) // (TEXTS - LONG_TEXTS)][: TEXTS - LONG_TEXTS], *long]


def write_large_checkpoint(folder: Path) -> None:
    """BERT-base as the vendor would have saved it, had it learnt nothing."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    write_tokenizer(folder / TOKENIZER, corpus_texts())
    settings = BertConfig(vocab_size=VOCABULARY, num_labels=len(ORIGINAL))
    torch.manual_seed(1)
    network = BertForSequenceClassification(settings)
    config = vendor_config("BertForSequenceClassification", "bert-base-uncased", len(ORIGINAL))
    torch.save({"config": config, "state_dict": network.state_dict()}, folder / "large.ckpt")
    settings.to_json_file(str(folder / "config.json"))


class ByTorch:
    """What Detoxify computes, one text at a time or in the batches that modbot makes."""

    def __init__(self, folder: Path) -> None:
        from classifiers.export.checkpoint import load_checkpoint

        self.checkpoint = load_checkpoint(folder / "large.ckpt", folder / "config.json")
        self.tokenizer = Tokenizer(folder / TOKENIZER, max_tokens=self.checkpoint.max_tokens)

    def scores(self, texts: Sequence[str], budget: int) -> Any:
        import torch

        found = np.zeros((len(texts), len(ORIGINAL)), dtype=np.float32)
        with torch.inference_mode():
            for batch in batches(self.tokenizer.windows(texts), budget):
                longest = max(len(window.tokens) for window in batch)
                tokens = torch.zeros((len(batch), longest), dtype=torch.long)
                mask = torch.zeros_like(tokens)
                for row, window in enumerate(batch):
                    tokens[row, : len(window.tokens)] = torch.tensor(window.tokens)
                    mask[row, : len(window.tokens)] = 1
                logits = self.checkpoint.network(input_ids=tokens, attention_mask=mask).logits
                np.maximum.at(found, [w.owner for w in batch], torch.sigmoid(logits).numpy())
        return found


def main() -> int:
    """Prints the figures; exit status 1 when a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=3)
    chosen = parser.parse_args()
    import torch

    torch.set_num_threads(chosen.threads)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        write_large_checkpoint(folder)
        _export(folder)
        texts, by_torch = chosen_texts(), ByTorch(folder)
        lengths = [len(window.tokens) for window in by_torch.tokenizer.windows(texts)]
        _say(
            f"{len(texts)} texts, mean {np.mean(lengths):.0f} tokens, longest {max(lengths)};"
            f" {chosen.threads} thread(s); VNNI: {'yes' if _has_vnni() else 'NO'}"
        )
        speeds = _speeds(folder, by_torch, texts, chosen.threads, chosen.repeats)
    for name, speed in speeds.items():
        _say(f"{name:34} {speed:6.1f} texts/s")
    single, batched, _, ours = speeds.values()
    return 0 if _bars(ours / single, ours / batched) else 1


def _export(folder: Path) -> None:
    from classifiers.export.folder import export_folder

    start = time.monotonic()
    found = export_folder(
        folder / "onnx",
        model="detoxify-bench",
        checkpoint_file=folder / "large.ckpt",
        checkpoint_sha256="",
        config=folder / "config.json",
        tokenizer=folder / TOKENIZER,
        precision="int8",
        texts=corpus_texts()[:10],
    )
    size = (folder / "onnx" / "model.onnx").stat().st_size / 1e6
    _say(
        f"exported in {time.monotonic() - start:.0f} s to {size:.0f} MB; scores differ by"
        f" {found.mean_difference:.4f} in the mean, {found.largest_difference:.4f} at most"
        f" (they spread by {found.spread:.3f} only)"
    )


def _speeds(
    folder: Path, by_torch: ByTorch, texts: Sequence[str], threads: int, repeats: int
) -> dict[str, float]:
    exported = DetoxifyClassifier(folder / "onnx", threads=threads)
    singly = DetoxifyClassifier(folder / "onnx", threads=threads, batch_tokens=1)
    ways: dict[str, Callable[[], object]] = {
        "torch fp32, one by one (Detoxify)": lambda: by_torch.scores(texts, 1),
        "torch fp32, sorted batches": lambda: by_torch.scores(texts, BATCH_TOKENS),
        "ONNX int8, one by one": lambda: singly.class_scores(texts),
        "ONNX int8, sorted batches (modbot)": lambda: exported.class_scores(texts),
    }
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(repeats):
        for name, way in ways.items():
            began = time.process_time()
            while time.process_time() - began < ROUND_SECONDS:  # the same time for each
                start = time.process_time()
                way()
                best[name] = min(best[name], time.process_time() - start)
    # Processor's seconds, shared by the threads.
    return {name: len(texts) * threads / seconds for name, seconds in best.items()}


def _bars(over_single: float, over_batched: float) -> bool:
    met = over_single >= BAR_ONE_BY_ONE and over_batched >= BAR_BATCHED
    _say(
        f"The export is {over_single:.1f} times torch one by one (bar {BAR_ONE_BY_ONE}) and"
        f" {over_batched:.1f} times torch at equal batching (bar {BAR_BATCHED}):"
        f" {'met' if met else 'MISSED'}"
    )
    return met


def _has_vnni() -> bool:
    try:
        return "vnni" in Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:
        return False


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
