"""`modbot backup` and `modbot restore`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from modbot.cli.answers import answer, complain, print_table
from modbot.cli.kept import AgainstOption, FingerprintOption, kept_checkpoints, signers
from modbot.cli.restored_people import tell_people
from modbot.cli.surroundings import ByOption, ConfigOption, JsonOption, load, person, utc_now

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.backup import Copied, Made, Progress, Restored


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("backup")(backup)
    app.command("restore")(restore)


def backup(
    ctx: typer.Context,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A new file, or a folder to put one into.")
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
    with_config: Annotated[
        bool,
        typer.Option("--with-config", help="Put the configuration beside it: FILE.config.tar.gz."),
    ] = False,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the database while the service works, and check the copy."""
    from modbot.backup import back_up

    found = load(ctx, config)
    with _bar("Copying", as_json=as_json) as progress:
        made = back_up(
            found,
            file,
            actor=person(by).name,
            now=utc_now(),
            force=force,
            with_config=with_config,
            progress=progress,
        )
    payload = {
        "file": str(made.file),
        "bytes": made.bytes,
        "config_file": str(made.config_file) if made.config_file else None,
        "models_missing": list(made.models_missing),
        **_fields(made.copied),
    }
    _complain_of_models(made.models_missing)
    answer(payload, as_json=as_json, tell=lambda console: _tell_made(console, made))


def restore(
    ctx: typer.Context,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `modbot backup` wrote.")],
    against: AgainstOption = None,
    fingerprint: FingerprintOption = None,
    people_as_in_backup: Annotated[
        bool,
        typer.Option(
            "--people-as-in-backup",
            help="Give people back what was taken from them since: accounts, roles, passwords.",
        ),
    ] = False,
    by: ByOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put a backup in the place of the database, which stays beside it under another name."""
    from modbot.backup import restore as put_back

    kept = kept_checkpoints(against, fingerprint)
    found = load(ctx, config)
    with _bar("Restoring", as_json=as_json) as progress:
        restored = put_back(
            found,
            file,
            actor=person(by).name,
            now=utc_now(),
            kept=[one.head for one in kept],
            progress=progress,
            people_as_in_backup=people_as_in_backup,
        )
    for note in signers(kept, fingerprint):
        complain(note)
    if newer := len(kept) - restored.compared:
        complain(f"{newer} of the checkpoints are newer than the backup; they were not compared.")
    _complain_of_models(restored.models_missing)
    payload = _of_restored(restored)
    answer(payload, as_json=as_json, tell=lambda console: _tell_restored(console, restored))


def _complain_of_models(names: Sequence[str]) -> None:
    for name in names:
        complain(f"{name} judged, and its files are not there: `modbot explain` needs them")


def _fields(copied: Copied) -> dict[str, Any]:
    return {
        "audit_rows": copied.audit_rows,
        "head": asdict(copied.head),
        "rows": dict(copied.rows),
        "revision": copied.revision,
    }


def _of_restored(restored: Restored) -> dict[str, Any]:
    return {
        "file": str(restored.file),
        "before": str(restored.before) if restored.before else None,
        "rows_not_in_backup": restored.rows_not_in_backup,
        "checkpoints_compared": restored.compared,
        **_fields(restored.copied),
        "head": asdict(restored.head),
        "people": asdict(restored.people),
        "models_missing": list(restored.models_missing),
    }


def _tell_rows(console: Console, copied: Copied) -> None:
    told = ("comment", "version", "decision", "action", "audit", "page")
    rows = ((name, copied.rows[name]) for name in told if name in copied.rows)
    print_table(console, "Rows", ("table", "rows"), rows)


def _tell_made(console: Console, made: Made) -> None:
    console.print(f"Backup, checked and sound: {made.file} ({made.bytes:,} bytes)", soft_wrap=True)
    _tell_rows(console, made.copied)
    head = made.copied.head
    console.print(f"Head of its log, to be kept elsewhere: {head.seq}:{head.hash}", soft_wrap=True)
    if made.config_file:
        console.print(f"Configuration: {made.config_file}", soft_wrap=True)
    console.print(f"It holds what people wrote. To put it back: modbot restore {made.file}")


def _tell_restored(console: Console, restored: Restored) -> None:
    console.print(f"In place, checked and sound: {restored.file}", soft_wrap=True)
    _tell_rows(console, restored.copied)
    if restored.before:
        missing = restored.rows_not_in_backup
        said = "which could not be read" if missing is None else f"with {missing} more audit rows"
        console.print(f"The database before it, {said}: {restored.before}", soft_wrap=True)
    tell_people(console, restored.people)
    console.print("Next:")
    console.print("  modbot doctor     # tokens, model, clock, disk")
    console.print("  modbot run        # or: systemctl start modbot")
    console.print("  modbot checkpoint make   # so that the restored log is witnessed from here on")
    console.print("Comments since the backup are fetched and judged anew as the pages are polled.")


@contextmanager
def _bar(what: str, *, as_json: bool) -> Iterator[Progress]:
    """A bar on standard error, where a person looks at it."""
    if as_json or not sys.stderr.isatty():
        yield lambda _done, _whole: None
        return
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, whole: bar.update(task, completed=done, total=whole)
