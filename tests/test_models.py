"""Fetching a model: checked by the digest in its name, then trusted as it first came."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from modbot import models
from modbot.download import Patience
from modbot.errors import ModelUnusable
from modbot.models import RECORD, VARIANTS, Known, Variant
from tests.classifiers.detoxify_files import corpus_texts, write_spread_checkpoint
from tests.fakes import SCHOOL_DAY
from tests.file_server import Files, breaks_after, serving
from tests.prerequisites import need

IMPATIENT = Patience(timeout_seconds=2, tries=2, pause_seconds=0)
CHECKPOINT = bytes(range(256)) * 2_000
DIGEST = hashlib.sha256(CHECKPOINT).hexdigest()
NAME = f"toxic_small-{DIGEST[:8]}.ckpt"
SMALL = {"small": Variant(checkpoint=NAME, release="v1", trained_from="someone/bert")}
FILES = {f"/{NAME}": CHECKPOINT, "/config.json": b'{"a": 1}', "/tokenizer.json": b'{"b": 2}'}


@pytest.fixture
def served() -> Iterator[Files]:
    with serving(dict(FILES)) as files:
        yield files


def fetch(folder: Path, source: str, at: datetime = SCHOOL_DAY) -> dict[str, Known]:
    return models.fetch("small", folder, now=at, source=source, patience=IMPATIENT, variants=SMALL)


def test_all_files_come_and_their_digests_are_recorded(tmp_path: Path, served: Files) -> None:
    known = fetch(tmp_path, served.url)
    assert (tmp_path / "small" / NAME).read_bytes() == CHECKPOINT
    assert known[NAME] == Known(
        sha256=DIGEST,
        bytes=len(CHECKPOINT),
        origin=f"{served.url}/{NAME}",
        at="2026-09-09T12:00:00+00:00",
    )
    written = json.loads((tmp_path / "small" / RECORD).read_text("utf-8"))
    assert {file: entry["sha256"] for file, entry in written.items()} == {
        path.strip("/"): hashlib.sha256(content).hexdigest() for path, content in FILES.items()
    }
    assert sorted(p.name for p in (tmp_path / "small").iterdir()) == sorted(
        [NAME, "config.json", "tokenizer.json", RECORD]
    )


def test_what_is_there_is_checked_and_not_fetched_again(tmp_path: Path, served: Files) -> None:
    first = fetch(tmp_path, served.url)
    served.asked.clear()
    again = fetch(tmp_path, served.url, at=datetime(2027, 1, 1, tzinfo=UTC))
    assert again == first
    assert served.asked == []


def test_a_second_command_goes_on_where_the_first_one_ended(tmp_path: Path, served: Files) -> None:
    fetch_small_files(tmp_path, served)
    served.accidents[:] = [breaks_after(400_000), *[breaks_after(0)] * 2]
    with pytest.raises(ModelUnusable, match="400000 bytes are kept"):
        fetch(tmp_path, served.url)
    served.accidents.clear()
    served.asked.clear()
    assert fetch(tmp_path, served.url)[NAME].sha256 == DIGEST
    assert served.asked == [(f"/{NAME}", "bytes=400000-")]


def fetch_small_files(folder: Path, served: Files) -> None:
    """Leaves the checkpoint to be fetched."""
    checkpoint = served.files.pop(f"/{NAME}")
    with pytest.raises(ModelUnusable, match="HTTP 404"):
        fetch(folder, served.url)
    served.files[f"/{NAME}"] = checkpoint


def test_a_file_whose_digest_is_not_that_of_its_name_is_refused(
    tmp_path: Path, served: Files
) -> None:
    served.files[f"/{NAME}"] = b"?" + CHECKPOINT[1:]
    with pytest.raises(ModelUnusable, match=f"SHA-256 begins .*its name says {DIGEST[:8]}"):
        fetch(tmp_path, served.url)
    assert not list((tmp_path / "small").glob("*.ckpt*"))
    served.files[f"/{NAME}"] = CHECKPOINT
    assert fetch(tmp_path, served.url)[NAME].sha256 == DIGEST


def test_halves_of_two_different_files_are_refused(tmp_path: Path, served: Files) -> None:
    fetch_small_files(tmp_path, served)
    (tmp_path / "small" / f"{NAME}.part").write_bytes(b"?" * 1000)
    with pytest.raises(ModelUnusable, match="its name says"):
        fetch(tmp_path, served.url)
    assert fetch(tmp_path, served.url)[NAME].sha256 == DIGEST  # nothing of them is left


def test_a_small_file_is_never_pieced_together(tmp_path: Path, served: Files) -> None:
    (tmp_path / "small").mkdir()
    (tmp_path / "small" / "config.json.part").write_bytes(b'{"x"')
    fetch(tmp_path, served.url)
    assert (tmp_path / "small" / "config.json").read_bytes() == FILES["/config.json"]


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json"])
def test_a_file_that_the_server_changed_since_is_refused(
    tmp_path: Path, served: Files, file: str
) -> None:
    fetch(tmp_path, served.url)
    (tmp_path / "small" / file).unlink()
    served.files[f"/{file}"] = b'{"a": "something else"}'
    with pytest.raises(ModelUnusable, match=r"not what first came on 2026-09-09.*fetch again"):
        fetch(tmp_path, served.url)
    assert not (tmp_path / "small" / file).exists()


def test_a_file_that_was_changed_on_the_disk_is_refused(tmp_path: Path, served: Files) -> None:
    fetch(tmp_path, served.url)
    (tmp_path / "small" / "tokenizer.json").write_bytes(b"{}")
    with pytest.raises(ModelUnusable, match=r"tokenizer\.json: refused, .*remove it and fetch"):
        fetch(tmp_path, served.url)
    with pytest.raises(ModelUnusable, match=r"tokenizer\.json: refused"):
        models.export("small", tmp_path, variants=SMALL)


def test_a_folder_does_as_well_as_a_server(tmp_path: Path, served: Files, no_sockets: None) -> None:
    usb = tmp_path / "usb"
    usb.mkdir()
    for path, content in FILES.items():
        (usb / path.strip("/")).write_bytes(content)
    known = fetch(tmp_path / "models", str(usb))
    assert known[NAME].sha256 == DIGEST
    assert known[NAME].origin == str(usb / NAME)


def test_a_folder_without_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match=r"usb/config\.json: cannot be read \(No such file"):
        fetch(tmp_path / "models", str(tmp_path / "usb"))


@pytest.mark.parametrize("content", ["{", "[1]", '{"config.json": {"sha": 1}}'])
def test_a_broken_record_is_refused_rather_than_begun_anew(
    tmp_path: Path, served: Files, content: str
) -> None:
    fetch(tmp_path, served.url)
    (tmp_path / "small" / RECORD).write_text(content, "utf-8")
    with pytest.raises(ModelUnusable, match=rf"{RECORD}: cannot be read"):
        fetch(tmp_path, served.url)


def test_two_commands_do_not_work_on_one_folder(tmp_path: Path, served: Files) -> None:
    def meanwhile(_file: str, _done: int, _total: int | None) -> None:
        with pytest.raises(ModelUnusable, match="another command works on it"):
            fetch(tmp_path, served.url)

    models.fetch(
        "small", tmp_path, now=SCHOOL_DAY, source=served.url, progress=meanwhile, variants=SMALL
    )


def test_the_published_names_hold_their_digests_and_lie_where_the_vendor_put_them() -> None:
    assert {
        name: variant.addresses()[variant.checkpoint] for name, variant in VARIANTS.items()
    } == {
        name: f"https://github.com/unitaryai/detoxify/releases/download/{rest}"
        for name, rest in {
            "original": "v0.1-alpha/toxic_original-c1212f89.ckpt",
            "unbiased": "v0.3-alpha/toxic_debiased-c7548aa0.ckpt",
            "multilingual": "v0.4-alpha/multilingual_debiased-0b549669.ckpt",
        }.items()
    }


def test_an_export_of_what_was_not_fetched_says_how_to_fetch(tmp_path: Path) -> None:
    with pytest.raises(ModelUnusable, match="is missing; run `modbot model fetch original`"):
        models.export("original", tmp_path)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Variant]]:
    """A models folder with a small trained checkpoint, fetched from another folder."""
    need("torch", "transformers", "onnx", "onnxscript", "onnxruntime", "tokenizers")
    import torch

    torch.set_num_threads(1)
    usb, folder = (tmp_path_factory.mktemp(name) for name in ("usb", "models"))
    write_spread_checkpoint(usb)
    digest = hashlib.sha256((usb / "checkpoint.ckpt").read_bytes()).hexdigest()
    name = f"toxic_tiny-{digest[:8]}.ckpt"
    (usb / "checkpoint.ckpt").rename(usb / name)
    variants = {"original": Variant(checkpoint=name, release="v1", trained_from="x/y")}
    models.fetch("original", folder, now=SCHOOL_DAY, source=str(usb), variants=variants)
    return folder, variants


@pytest.mark.filterwarnings("default")
@pytest.mark.models
def test_an_export_is_compared_recorded_and_taken_into_use(
    fetched: tuple[Path, dict[str, Variant]],
) -> None:
    from classifiers.detoxify import DetoxifyClassifier

    folder, variants = fetched
    assert [each.exported for each in models.listing(folder, variants)] == [""]
    done = models.export("original", folder, texts=corpus_texts()[200:], variants=variants)
    assert done.texts == 200
    assert 0 < done.mean_difference < 0.01
    assert done.mean_difference < done.largest_difference < 0.05
    assert done.spread >= 0.2
    assert DetoxifyClassifier(folder / "original" / "onnx").version == done.version
    (listed,) = models.listing(folder, variants)
    assert (listed.fetched, listed.exported) == (True, done.version)
    again = models.export("original", folder, precision="float32", variants=variants)
    assert again.version != done.version
    assert again.mean_difference < 1e-5
    with pytest.raises(ModelUnusable, match=r"more than 1e-12.*try --precision float32"):
        models.export("original", folder, limit=1e-12, variants=variants)
    (listed,) = models.listing(folder, variants)
    assert listed.exported == again.version  # what was in use stays
    assert sorted(p.name for p in (folder / "original").glob("onnx*")) == ["onnx"]
