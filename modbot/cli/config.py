"""`modbot config`: the configuration folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import answer
from modbot.cli.surroundings import ConfigOption, JsonOption, load

if TYPE_CHECKING:
    from rich.console import Console

app = typer.Typer(help="The configuration folder.", rich_markup_mode=None)


@app.command("init")
def init(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new or empty folder.")],
    as_json: JsonOption = False,
) -> None:
    """Copy the default configuration, to be changed there."""
    from modbot.settings import init_config

    files = [str(path) for path in init_config(folder)]

    def tell(console: Console) -> None:
        console.print(f"{len(files)} files written. Use them with --config or MODBOT_CONFIG.")

    answer({"folder": str(folder), "files": files}, as_json=as_json, tell=tell)


@app.command("check")
def check(ctx: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Check every file; a fault is named with file, line and key."""
    from modbot.service import build_judge

    found = load(ctx, config)
    judge = build_judge(found)
    payload = {
        "ok": True,
        "folder": str(found.folder),
        "sha256": found.sha256,
        "classifiers": judge.models,
    }

    def tell(console: Console) -> None:
        console.print(f"{found.folder}: sound (SHA-256 {found.sha256[:16]})", soft_wrap=True)
        for name, version in judge.models.items():
            console.print(f"  {name}: {version}", soft_wrap=True)

    answer(payload, as_json=as_json, tell=tell)


@app.command("show")
def show(ctx: typer.Context, config: ConfigOption = None, as_json: JsonOption = False) -> None:
    """Show the settings in force, defaults included."""
    found = load(ctx, config)
    settings = found.settings.model_dump(mode="json")
    payload = {"folder": str(found.folder), "sha256": found.sha256, "settings": settings}

    def tell(console: Console) -> None:
        console.print(f"# {found.folder}", soft_wrap=True)
        for key, value in _flat(settings):
            console.print(f"{key} = {value!r}", soft_wrap=True)

    answer(payload, as_json=as_json, tell=tell)


def _flat(settings: dict[str, dict[str, Any]]) -> Iterator[tuple[str, Any]]:
    for section, values in settings.items():
        for key, value in values.items():
            yield f"{section}.{key}", value
