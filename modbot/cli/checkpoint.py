"""`modbot checkpoint`: keys and checkpoints of the record."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modbot.cli.answers import CommandFailed, answer, print_table
from modbot.cli.surroundings import (
    ByOption,
    ConfigOption,
    JsonOption,
    load,
    open_database,
    person,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from modbot.checkpoints import Checkpoint, Outcome

app = typer.Typer(help="Signed checkpoints of the record.", no_args_is_help=True)


@app.command()
def keygen(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A new file for the private key.")],
    as_json: JsonOption = False,
) -> None:
    """Make the key that signs checkpoints, and print the fingerprint to publish."""
    from modbot.checkpoints import SigningKey, new_key

    seed = new_key()
    try:
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with open(descriptor, "w", encoding="ascii") as opened:
            opened.write(seed + "\n")
    except FileExistsError:
        raise CommandFailed(f"{file} exists already; nothing was written") from None
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error.strerror}") from None
    key = SigningKey(bytes.fromhex(seed))
    payload = {
        "file": str(file),
        "public_key": key.public_key,
        "fingerprint": key.fingerprint,
    }

    def tell(console: Console) -> None:
        console.print(f"Private key: {file} (readable by you alone; keep no copy in a backup)")
        console.print(f"Fingerprint, to be published: {key.fingerprint}", soft_wrap=True)
        console.print(f'In modbot.toml: [checkpoints] key = "file:{file.absolute()}"')

    answer(payload, as_json=as_json, tell=tell)


@app.command()
def make(
    ctx: typer.Context,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a checkpoint now and bring it to every configured place.

    Exit 1 when it did not get everywhere; a running service tries again.
    """
    from modbot.alerts import Alerter
    from modbot.checkpoints import Checkpoints
    from modbot.clocks import SystemClock

    found = load(ctx, config)
    with open_database(found) as database:
        checkpoints = Checkpoints(
            database,
            found.settings.checkpoints,
            clock=SystemClock(),
            environ=os.environ,
            alerter=Alerter(()),
        )
        made = checkpoints.make(person(by).name)
        outcomes = checkpoints.deliver()
    path = checkpoints.folder / made.file_name
    payload = {
        "file": str(path),
        "seq": made.seq,
        "hash": made.hash,
        "fingerprint": made.fingerprint,
        "deliveries": [asdict(outcome) for outcome in outcomes],
    }
    answer(payload, as_json=as_json, tell=lambda console: _tell(console, made, path, outcomes))
    if any(outcome.error for outcome in outcomes):
        raise typer.Exit(1)


def _tell(console: Console, made: Checkpoint, path: Path, outcomes: Sequence[Outcome]) -> None:
    console.print(f"Checkpoint of audit row {made.seq}: {path}", soft_wrap=True)
    rows = ((outcome.to, outcome.error or "there") for outcome in outcomes)
    print_table(console, "Deliveries", ("to", "outcome"), rows)
