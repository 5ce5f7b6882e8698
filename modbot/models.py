"""Detoxify's published models: fetched, trusted on first use, exported.

models/
└── original/
    ├── toxic_original-c1212f89.ckpt   the vendor's; the name holds the beginning of its digest
    ├── config.json, tokenizer.json    of the model that it was trained from
    ├── fetched.json                   SHA-256 of each file when it first came
    └── onnx/                          what classifiers.detoxify reads
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from modbot.download import Patience, check_address, download
from modbot.errors import ClassifierFailed, ModelUnusable

RELEASES = "https://github.com/unitaryai/detoxify/releases/download"
HUB = "https://huggingface.co"
RECORD, CONFIG, TOKENIZER, EXPORT = "fetched.json", "config.json", "tokenizer.json", "onnx"
EXPORT_NEEDS = ("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "tokenizers")
CHECKPOINT_CAP_BYTES = 4_000_000_000
SMALL_CAP_BYTES = 100_000_000

Progress = Callable[[str, int, int | None], None]  # file, bytes there, bytes in all


@dataclass(frozen=True, kw_only=True)
class Variant:
    """Where a model's files are published."""

    checkpoint: str  # name of the file
    release: str
    trained_from: str  # on the hub

    def addresses(self) -> dict[str, str]:
        """The address of every file, by its name here."""
        hub = f"{HUB}/{self.trained_from}/resolve/main"
        return {
            CONFIG: f"{hub}/{CONFIG}",
            TOKENIZER: f"{hub}/{TOKENIZER}",
            self.checkpoint: f"{RELEASES}/{self.release}/{self.checkpoint}",
        }


VARIANTS: Mapping[str, Variant] = {
    "original": Variant(
        checkpoint="toxic_original-c1212f89.ckpt",
        release="v0.1-alpha",
        trained_from="google-bert/bert-base-uncased",
    ),
    "unbiased": Variant(
        checkpoint="toxic_debiased-c7548aa0.ckpt",
        release="v0.3-alpha",
        trained_from="FacebookAI/roberta-base",
    ),
    "multilingual": Variant(
        checkpoint="multilingual_debiased-0b549669.ckpt",
        release="v0.4-alpha",
        trained_from="FacebookAI/xlm-roberta-base",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Known:
    """A file as it first came."""

    sha256: str
    bytes: int
    origin: str
    at: str  # UTC


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What came of an export; differences of scores are absolute, over texts and classes."""

    folder: Path
    version: str
    texts: int
    mean_difference: float
    largest_difference: float
    spread: float  # standard deviation of torch's scores


@dataclass(frozen=True, kw_only=True)
class Listed:
    """How a variant stands in the folder."""

    name: str
    fetched: bool
    exported: str  # version, or why it cannot be used, or ""


def fetch(
    name: str,
    models: Path,
    *,
    now: datetime,
    source: str | None = None,
    progress: Progress = lambda _name, _done, _total: None,
    patience: Patience | None = None,
    variants: Mapping[str, Variant] = VARIANTS,
) -> dict[str, Known]:
    """Brings a model's files to the folder, from the vendor, or from a folder or mirror that holds
    them by the same names. A file whose digest is not the one in its name, or not the one it first
    had, is refused. Raises ModelUnusable."""
    variant = _variant(name, variants)
    folder = models / name
    folder.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        known = _read_record(folder)
        for file, address in variant.addresses().items():
            origin = address if source is None else _beside(source, file)
            if not (folder / file).exists():
                report = _named(progress, file)
                _bring(origin, folder / f"{file}.part", file, report, patience)
                _check(folder / f"{file}.part", file, known, origin)
                (folder / f"{file}.part").replace(folder / file)
            sha256 = _check(folder / file, file, known, origin)
            known.setdefault(
                file,
                Known(
                    sha256=sha256,
                    bytes=(folder / file).stat().st_size,
                    origin=origin,
                    at=now.isoformat(timespec="seconds"),
                ),
            )
            _write_record(folder, known)
    return {file: known[file] for file in variant.addresses()}


def _variant(name: str, variants: Mapping[str, Variant]) -> Variant:
    if name not in variants:
        raise ModelUnusable(f"no model {name!r}; there are: {', '.join(variants)}")
    return variants[name]


def _named(progress: Progress, file: str) -> Callable[[int, int | None], None]:
    return lambda done, total: progress(file, done, total)


def _beside(source: str, file: str) -> str:
    if "://" in source:
        check_address(source)
        return f"{source.rstrip('/')}/{file}"
    return str(Path(source) / file)


def _bring(
    origin: str,
    part: Path,
    file: str,
    progress: Callable[[int, int | None], None],
    patience: Patience | None,
) -> None:
    if "://" not in origin:
        try:
            shutil.copyfile(origin, part)
        except OSError as error:
            raise ModelUnusable(f"{origin}: cannot be read ({error.strerror})") from error
        progress(part.stat().st_size, part.stat().st_size)
        return
    # Only a digest in the name can tell that two halves belong together.
    large = _named_digest(file) is not None
    if not large:
        part.unlink(missing_ok=True)
    cap = CHECKPOINT_CAP_BYTES if large else SMALL_CAP_BYTES
    download(origin, part, cap_bytes=cap, progress=progress, patience=patience)


def _check(path: Path, file: str, known: Mapping[str, Known], origin: str) -> str:
    """The file's SHA-256. A freshly fetched one that is wrong is removed. Raises ModelUnusable."""
    found = _sha256(path)
    begins = _named_digest(file)
    fresh = path.name != file
    if begins is not None and not found.startswith(begins):
        problem = f"its SHA-256 begins {found[: len(begins)]}, its name says {begins}"
    elif file in known and known[file].sha256 != found:
        problem = (
            f"it is not what first came on {known[file].at[:10]} (SHA-256 {found[:16]}..., then"
            f" {known[file].sha256[:16]}...)"
        )
    else:
        return found
    if fresh:
        path.unlink()
        raise ModelUnusable(
            f"{origin}: refused, {problem}; nothing was kept. If the vendor says that it changed,"
            f" remove {path.parent} and fetch again"
        )
    raise ModelUnusable(f"{path}: refused, {problem}; remove it and fetch it again")


def _named_digest(file: str) -> str | None:
    found = re.search(r"-([0-9a-f]{8,64})\.", file)
    return found[1] if found else None


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelUnusable(f"{path}: cannot be read ({error.strerror})") from error


def _read_record(folder: Path) -> dict[str, Known]:
    path = folder / RECORD
    try:
        return {file: Known(**entry) for file, entry in json.loads(path.read_text("utf-8")).items()}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ModelUnusable(
            f"{path}: cannot be read ({type(error).__name__}); restore it, or remove {folder} and"
            " fetch again"
        ) from error


def _write_record(folder: Path, known: Mapping[str, Known]) -> None:
    new = folder / f"{RECORD}.new"
    text = json.dumps({file: asdict(entry) for file, entry in known.items()}, indent=2)
    with new.open("w", encoding="utf-8") as file:
        file.write(text + "\n")
        file.flush()
        os.fsync(file.fileno())
    new.replace(folder / RECORD)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Raises ModelUnusable while another command works on the folder."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ModelUnusable(f"{folder}: another command works on it; wait for it") from None
    finally:
        os.close(descriptor)


def export(
    name: str,
    models: Path,
    *,
    precision: str = "int8",
    texts: Sequence[str] = (),
    limit: float | None = None,
    variants: Mapping[str, Variant] = VARIANTS,
) -> Exported:
    """Turns fetched files into what the service runs, and compares the two on `texts` or on texts
    that come with modbot. An export that differs by more than `limit` in the mean is thrown away.

    Raises ModelUnusable or ClassifierFailed.
    """
    variant, folder = _variant(name, variants), models / name
    checkpoint_sha256 = _trusted(name, folder, variant)
    _require_export()
    from classifiers.export.folder import export_folder
    from classifiers.export.parity import MEAN_LIMIT, sample_texts

    with _alone(folder), _scratch(folder / f"{EXPORT}.new") as new:
        found = export_folder(
            new,
            model=f"detoxify-{name}",
            checkpoint_file=folder / variant.checkpoint,
            checkpoint_sha256=checkpoint_sha256,
            config=folder / CONFIG,
            tokenizer=folder / TOKENIZER,
            precision=precision,
            texts=list(texts) or sample_texts(),
        )
        _check_parity(
            folder / variant.checkpoint, precision, found.mean_difference, limit or MEAN_LIMIT
        )
        _take_into_use(folder, new)
    taken = folder / EXPORT
    return Exported(folder=taken, version=_version(taken), **asdict(found))


@contextmanager
def _scratch(folder: Path) -> Iterator[Path]:
    """A name for a new folder, of which nothing is left afterwards."""
    shutil.rmtree(folder, ignore_errors=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _check_parity(checkpoint: Path, precision: str, mean: float, limit: float) -> None:
    if not mean <= limit:  # nor when it is no number
        raise ModelUnusable(
            f"{checkpoint}: as {precision} its scores differ from torch's by {mean:.4f} in the"
            f" mean, more than {limit}; nothing was exported, try --precision float32"
        )


def _trusted(name: str, folder: Path, variant: Variant) -> str:
    """The checkpoint's SHA-256, once every file is what it was when it was fetched."""
    known = _read_record(folder)
    for file in variant.addresses():
        if file not in known or not (folder / file).exists():
            raise ModelUnusable(f"{folder / file}: is missing; run `modbot model fetch {name}`")
        _check(folder / file, file, known, known[file].origin)
    return known[variant.checkpoint].sha256


def _require_export() -> None:
    missing = [module for module in EXPORT_NEEDS if importlib.util.find_spec(module) is None]
    if missing:
        raise ModelUnusable(
            f"an export needs {', '.join(missing)}: run pip install '.[detoxify]' in the checkout"
            " (the exported model runs without torch and may be copied from another machine)"
        )


def _take_into_use(folder: Path, new: Path) -> None:
    old = folder / f"{EXPORT}.old"
    shutil.rmtree(old, ignore_errors=True)
    if (folder / EXPORT).exists():
        (folder / EXPORT).rename(old)
    new.rename(folder / EXPORT)
    shutil.rmtree(old, ignore_errors=True)


def _version(folder: Path) -> str:
    from classifiers.detoxify import read_manifest, version_of

    return version_of(*read_manifest(folder))


def listing(models: Path, variants: Mapping[str, Variant] = VARIANTS) -> list[Listed]:
    """Every model that there is, and how it stands in the folder."""
    from classifiers.detoxify import exported_folder

    found = []
    for name, variant in variants.items():
        files = variant.addresses()
        listed = Listed(
            name=name, fetched=all((models / name / f).exists() for f in files), exported=""
        )
        exported = exported_folder(models, name)
        if exported is not None:
            try:
                listed = replace(listed, exported=_version(exported))
            except ClassifierFailed as error:
                listed = replace(listed, exported=str(error))
        found.append(listed)
    return found
