"""Checkpoints that were kept elsewhere, as commands take them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modbot.cli.answers import CommandFailed

if TYPE_CHECKING:
    from modbot.checkpoints import Checkpoint

AgainstOption = Annotated[
    Path | None,
    typer.Option(metavar="CHECKPOINT", help="A signed checkpoint, or a folder of them."),
]
FingerprintOption = Annotated[
    str | None, typer.Option(metavar="HEX", help="The only key that may have signed them.")
]


def kept_checkpoints(path: Path | None, fingerprint: str | None) -> list[Checkpoint]:
    """Those kept at the path, all signed by that key where one is named."""
    if path is None:
        if fingerprint:
            raise CommandFailed("--fingerprint goes with --against")
        return []
    from modbot.checkpoints import read_all

    found = read_all(path)
    for one in found:
        if fingerprint and one.fingerprint != fingerprint.lower():
            raise CommandFailed(
                f"{path}: {one.file_name} was signed by {one.fingerprint}, not by {fingerprint}: "
                "it is not yours, or the key was exchanged"
            )
    return found


def signers(kept: Sequence[Checkpoint], fingerprint: str | None) -> Iterator[str]:
    """Whose checkpoints they are, for a person who named no fingerprint."""
    if fingerprint:
        return
    for signer in dict.fromkeys(one.fingerprint for one in kept):
        yield f"Signed by {signer}: compare it with the fingerprint that was published."
