"""Detoxify's models, exported to ONNX by `modbot model export` and run by onnxruntime.

A long comment is read in windows of what the model takes at once and scores as its worst one.
Windows run sorted by length, in batches of about as many tokens as keep the processor busy: with a
fixed number of texts one long text would pad all its neighbours.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.labels import FLOOR, label_signals
from classifiers.onnx_runtime import onnx_runtime
from modbot.domain import Comment, Signal
from modbot.errors import ClassifierFailed

VARIANTS = ("multilingual", "unbiased", "original")  # in the order in which "auto" takes them
EXPORT_FOLDER = "onnx"
MANIFEST, NETWORK, TOKENIZER = "manifest.json", "model.onnx", "tokenizer.json"
NEEDS = ("onnxruntime", "tokenizers")
OUR_LABELS = {  # the vendor's class: our label. Its severe_toxicity says no more than toxicity.
    "toxicity": "toxicity",
    "obscene": "obscene",
    "sexual_explicit": "sexual",
    "threat": "threat",
    "insult": "insult",
    "identity_attack": "identity_attack",
}
BATCH_TOKENS = 256  # more of them no longer fit the processor's cache
# The joined kernel is many times slower than the two that it stands for (onnxruntime 1.32 on a
# processor with AVX-512): a quarter of the whole time.
SLOW_JOINS = ["SkipLayerNormFusion"]
OVERLAP_TOKENS = 32  # of neighbouring windows, so that no phrase is cut in two in both

Scores = NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Window:
    """Tokens that the model reads at once, and the number of the text that they are from."""

    owner: int
    tokens: Sequence[int]


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What manifest.json says of an exported model."""

    model: str  # "detoxify-original"
    precision: str  # int8 or float32
    classes: tuple[str, ...]  # of the network's outputs, by the vendor's names
    max_tokens: int
    pad_id: int
    checkpoint_sha256: str
    files: dict[str, str]  # SHA-256 by name


def exported_folder(models: Path, variant: str) -> Path | None:
    """Where the exported model of a variant is, "auto" being the first that there is."""
    for name in VARIANTS if variant == "auto" else (variant,):
        folder = models / name / EXPORT_FOLDER
        if (folder / MANIFEST).exists():
            return folder
    return None


def require_runtime() -> None:
    """Raises ClassifierFailed when what runs an exported model is not installed."""
    missing = [name for name in NEEDS if importlib.util.find_spec(name) is None]
    if missing:
        raise ClassifierFailed(
            f"detoxify: {' and '.join(missing)} not installed; run pip install '.[onnx]' in the"
            ' checkout, or set classifier.name = "embedded"'
        )


def read_manifest(folder: Path) -> tuple[Manifest, str]:
    """The manifest and its SHA-256, every file that it names checked. Raises ClassifierFailed."""
    path = folder / MANIFEST
    try:
        data = path.read_bytes()
        read = json.loads(data)
        manifest = Manifest(**{**read, "classes": tuple(read["classes"])})
        for name, sha256 in manifest.files.items():
            path = folder / name
            with path.open("rb") as file:
                found = hashlib.file_digest(file, "sha256").hexdigest()
            if found != sha256:
                raise ValueError(f"its SHA-256 is {found}, the manifest says {sha256}")
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise _unusable(path, error) from error
    return manifest, hashlib.sha256(data).hexdigest()


def version_of(manifest: Manifest, digest: str) -> str:
    """What is kept with each decision: model, precision, and a hash that stands for every file."""
    return f"{manifest.model}-{manifest.precision}+{digest[:12]}"


def _unusable(path: Path, error: Exception) -> ClassifierFailed:
    what = " ".join(str(error).split())[:300]
    return ClassifierFailed(
        f"detoxify: {path} is not usable ({type(error).__name__}: {what});"
        " run `modbot model export` again"
    )


class Tokenizer:
    """A model's own tokenizer, which cuts texts into windows."""

    def __init__(self, file: Path, *, max_tokens: int) -> None:
        import tokenizers

        self._tokenizer = tokenizers.Tokenizer.from_file(str(file))
        self._tokenizer.no_padding()
        stride = min(OVERLAP_TOKENS, max_tokens // 4)
        self._tokenizer.enable_truncation(max_tokens, stride=stride)

    def windows(self, texts: Sequence[str]) -> list[Window]:
        """At least one window a text; half of a surrogate pair becomes a question mark."""
        found: list[Window] = []
        for owner, text in enumerate(texts):
            first = self._tokenizer.encode(text.encode("utf-8", "replace").decode("utf-8"))
            found += [Window(owner=owner, tokens=e.ids) for e in (first, *first.overflowing)]
        return found


class Network:
    """An exported network: windows in, the vendor's classes out."""

    def __init__(self, file: Path, *, pad_id: int, threads: int = 0) -> None:
        onnxruntime = onnx_runtime()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads  # 0: one a core
        options.log_severity_level = 3
        # Idle threads give the processor back at once: polls and the log page want it too.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self._session: Any = onnxruntime.InferenceSession(
            str(file),
            options,
            providers=["CPUExecutionProvider"],
            disabled_optimizers=SLOW_JOINS,
        )
        self._pad_id = pad_id

    def scores(self, windows: Sequence[Window]) -> Scores:
        """A probability for every window and class; may be called from several threads."""
        longest = max(len(window.tokens) for window in windows)
        tokens = np.full((len(windows), longest), self._pad_id, dtype=np.int64)
        mask = np.zeros_like(tokens)
        for row, window in enumerate(windows):
            tokens[row, : len(window.tokens)] = window.tokens
            mask[row, : len(window.tokens)] = 1
        (found,) = self._session.run(None, {"input_ids": tokens, "attention_mask": mask})
        scores: Scores = found
        return scores


def batches(windows: Sequence[Window], budget: int) -> Iterator[list[Window]]:
    """All windows, shortest first, in batches of at most `budget` tokens with their padding."""
    batch: list[Window] = []
    for window in sorted(windows, key=lambda window: len(window.tokens)):
        if batch and (len(batch) + 1) * len(window.tokens) > budget:
            yield batch
            batch = []
        batch.append(window)
    if batch:
        yield batch


class DetoxifyClassifier:
    """Scores comments by an exported Detoxify model. Raises ClassifierFailed on unusable files."""

    name = "detoxify"

    def __init__(
        self,
        folder: Path,
        *,
        floor: float = FLOOR,
        batch_tokens: int = BATCH_TOKENS,
        threads: int = 0,
    ) -> None:
        require_runtime()
        self.manifest, digest = read_manifest(folder)
        self._folder, self._digest = folder, digest
        self.version = version_of(self.manifest, digest)
        self._floor = floor
        self._batch_tokens = batch_tokens
        try:
            self._tokenizer = Tokenizer(folder / TOKENIZER, max_tokens=self.manifest.max_tokens)
            self._network = Network(folder / NETWORK, pad_id=self.manifest.pad_id, threads=threads)
        except Exception as error:  # both libraries raise bare ones of their own
            raise _unusable(folder, error) from error

    def files(self) -> Mapping[str, bytes]:
        """The manifest, which names the large files. Raises ClassifierFailed when it was replaced
        since it was loaded."""
        try:
            data = (self._folder / MANIFEST).read_bytes()
        except OSError as error:
            raise _unusable(self._folder, error) from error
        if hashlib.sha256(data).hexdigest() != self._digest:
            raise ClassifierFailed(
                f"detoxify: {self._folder} holds another model now than {self.version}, which"
                " judges: start modbot again"
            )
        return {MANIFEST: data}

    def large_files(self) -> Mapping[str, Path]:
        """Network and tokenizer, by their SHA-256."""
        return {sha256: self._folder / name for name, sha256 in self.manifest.files.items()}

    def classify(self, comments: Sequence[Comment]) -> list[list[Signal]]:
        """One signal a label that reaches the floor; evidence.rule names the label."""
        scored = self.scores([comment.text for comment in comments])
        return [[*label_signals(self.name, scores, floor=self._floor)] for scores in scored]

    def scores(self, texts: Sequence[str]) -> list[dict[str, float]]:
        """The probability of every label that the model has, for every text."""
        kept = [
            (OUR_LABELS[name], column)
            for column, name in enumerate(self.manifest.classes)
            if name in OUR_LABELS
        ]
        rows = self.class_scores(texts).round(6).tolist()
        return [{label: row[column] for label, column in kept} for row in rows]

    def class_scores(self, texts: Sequence[str]) -> Scores:
        """Texts x the vendor's classes: the worst of each text's windows."""
        worst = np.zeros((len(texts), len(self.manifest.classes)), dtype=np.float32)
        for batch in batches(self._tokenizer.windows(texts), self._batch_tokens):
            found = self._network.scores(batch)
            np.maximum.at(worst, [window.owner for window in batch], found)
        return worst
