"""`modbot model`: the larger models, which are fetched and exported once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modbot.cli.answers import answer, print_table
from modbot.cli.surroundings import ConfigOption, JsonOption, load, utc_now

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.models import Exported, Progress

app = typer.Typer(help="Larger models, fetched and exported once.", rich_markup_mode=None)


class Name(StrEnum):
    ORIGINAL = "original"
    UNBIASED = "unbiased"
    MULTILINGUAL = "multilingual"


class Precision(StrEnum):
    INT8 = "int8"
    FLOAT32 = "float32"


NameArgument = Annotated[Name, typer.Argument(help="Which of Detoxify's models.")]


@app.command("fetch")
def fetch(
    ctx: typer.Context,
    name: NameArgument,
    source: Annotated[
        str | None,
        typer.Option("--from", metavar="FOLDER|URL", help="Where the files are; else the vendor."),
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Fetch a model's files, or go on where the last attempt ended.

    Every file is checked against the digest in its name and the one that it first had.
    """
    from modbot import models

    folder = load(ctx, config).settings.models_folder
    with progress_bars() as progress:
        files = models.fetch(name, folder, now=utc_now(), source=source, progress=progress)

    def tell(console: Console) -> None:
        print_table(
            console,
            str(folder / name),
            ("file", "bytes", "SHA-256", "first fetched"),
            ((file, known.bytes, known.sha256, known.at) for file, known in files.items()),
        )
        console.print(f"Next: modbot model export {name}")

    payload = {
        "folder": str(folder / name),
        "files": {file: asdict(known) for file, known in files.items()},
    }
    answer(payload, as_json=as_json, tell=tell)


@app.command("export")
def export(
    ctx: typer.Context,
    name: NameArgument,
    precision: Annotated[
        Precision, typer.Option(help="int8 is smaller and faster, float32 exact.")
    ] = Precision.INT8,
    sample: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Texts to compare on, one a line.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a fetched model ready for use, and compare it with the original."""
    from modbot import models

    folder = load(ctx, config).settings.models_folder
    texts = sample.read_text("utf-8", "replace").splitlines() if sample else []
    done = models.export(name, folder, precision=precision, texts=texts)

    answer(asdict(done), as_json=as_json, tell=lambda console: tell_exported(console, done))


def tell_exported(console: Console, done: Exported) -> None:
    """What was exported, and how far its scores are from the original's."""
    console.print(f"{done.folder}: {done.version}", soft_wrap=True)
    console.print(
        f"Scores differ from torch's by {done.mean_difference:.4f} in the mean and"
        f" {done.largest_difference:.4f} at most, over {done.texts} texts whose scores spread"
        f" by {done.spread:.3f}.",
        soft_wrap=True,
    )
    console.print("A running service takes it into use when it is started again.")


@app.command("list")
def list_models(
    ctx: typer.Context, config: ConfigOption = None, as_json: JsonOption = False
) -> None:
    """Show which models are fetched and exported, and their versions."""
    from modbot import models

    folder = load(ctx, config).settings.models_folder
    found = models.listing(folder)

    def tell(console: Console) -> None:
        rows = ((each.name, each.fetched, each.exported) for each in found)
        print_table(console, str(folder), ("model", "fetched", "exported"), rows)

    payload = {"folder": str(folder), "models": [asdict(each) for each in found]}
    answer(payload, as_json=as_json, tell=tell)


@contextmanager
def progress_bars(console: Console | None = None) -> Iterator[Progress]:
    """A bar a file on standard error; nothing where that is no terminal."""
    from rich import progress
    from rich.console import Console

    console = console or Console(stderr=True)
    bars = progress.Progress(
        progress.TextColumn("{task.description}"),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
        console=console,
        disable=not console.is_terminal,
    )
    tasks: dict[str, progress.TaskID] = {}

    def report(file: str, done: int, total: int | None) -> None:
        if file not in tasks:
            tasks[file] = bars.add_task(file)
        bars.update(tasks[file], completed=done, total=total)

    with bars:
        yield report
