"""`modbot verify` and `modbot export`: the record, checked and written out."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TextIO

import typer

from modbot.cli.answers import CommandFailed, answer, complain, print_table
from modbot.cli.kept import AgainstOption, FingerprintOption, kept_checkpoints, signers
from modbot.cli.surroundings import ConfigOption, JsonOption, load, parse_day, registered

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.audit import Head, Report
    from modbot.settings.sections import DatabaseSection
    from modbot.store import Database


LARGE_BYTES = 20_000_000  # of a database that is verified on every core


class Format(StrEnum):
    JSONL = "jsonl"
    CSV = "csv"


class What(StrEnum):
    COMMENTS = "comments"
    AUDIT = "audit"
    FUNDRAISERS = "fundraisers"
    RECORD = "record"


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("verify")(verify)
    app.command("export")(export)


@contextmanager
def open_record(which: Path | DatabaseSection) -> Iterator[Database]:
    """A file, or what is configured, for reading only. Raises StoreUnreadable, later faults too."""
    from sqlalchemy.exc import DBAPIError

    from modbot.errors import StoreUnreadable
    from modbot.store import Database, open_configured

    if isinstance(which, Path):
        opened = Database.open(f"sqlite:///{which}", read_only=True)
    else:
        opened = open_configured(which, read_only=True)
    try:
        yield opened
    except DBAPIError as error:
        raise StoreUnreadable(f"{opened.name}: {error.orig}") from error
    finally:
        opened.close()


def _configured(ctx: typer.Context, config: Path | None) -> DatabaseSection:
    return load(ctx, config).settings.database


def verify(
    ctx: typer.Context,
    database: Annotated[
        Path | None, typer.Argument(metavar="[DATABASE]", help="A file; else the configured one.")
    ] = None,
    checkpoint: Annotated[
        str | None,
        typer.Option(metavar="SEQ:HASH", help="An earlier head that was kept elsewhere."),
    ] = None,
    against: AgainstOption = None,
    fingerprint: FingerprintOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check that the record is as it was written.

    Exit 0: sound, 1: tampered with, 2: cannot be read.
    """
    known = [_head(checkpoint)] if checkpoint else []
    kept = kept_checkpoints(against, fingerprint)
    known += [one.head for one in kept]
    which = database or _configured(ctx, config)
    report = _verified(which, known)
    for note in (*report.notes, *_of_models(which), *signers(kept, fingerprint)):
        complain(note)
    payload = {
        "ok": report.ok,
        "rows": report.rows,
        "head": asdict(report.head),
        "problems": [asdict(problem) for problem in report.problems],
    }
    answer(payload, as_json=as_json, tell=lambda console: _tell(console, report))
    if not report.ok:
        raise typer.Exit(1)


def _verified(which: Path | DatabaseSection, kept: Sequence[Head]) -> Report:
    from modbot import audit

    path = which if isinstance(which, Path) else which.path
    large = path.is_file() and path.stat().st_size > LARGE_BYTES
    processes = (os.cpu_count() or 1) if large else 1
    opener = partial(open_record, which)
    with audit.helping(opener, processes) as helpers, opener() as opened:
        return audit.verify(opened, kept, helpers)


def _of_models(which: Path | DatabaseSection) -> list[str]:
    """What is wrong with the models that are kept beside the database."""
    from modbot import large_files
    from modbot.store.kept import kept_models

    folder = large_files.folder_beside(which if isinstance(which, Path) else which.path)
    with open_record(which) as opened, opened.read() as session:
        return [
            f"{name}: {fault}: `modbot explain` cannot judge again by it"
            for name, archive in kept_models(session)
            for fault in large_files.faults(archive, folder)
        ]


def _head(text: str) -> Head:
    from modbot.audit import Head

    seq, _, digest = text.partition(":")
    is_hash = len(digest) == 64 and set(digest) <= set("0123456789abcdef")
    if not (seq.isascii() and seq.isdigit() and len(seq) < 19 and is_hash):
        raise CommandFailed("--checkpoint must be SEQ:HASH, as an earlier verify printed it")
    return Head(seq=int(seq), hash=digest)


def _tell(console: Console, report: Report) -> None:
    state = "sound" if report.ok else "NOT as it was written"
    console.print(f"The record is {state}: {report.rows} audit rows.")
    console.print(
        f"Checkpoint, to be kept elsewhere: {report.head.seq}:{report.head.hash}", soft_wrap=True
    )
    if report.problems:
        print_table(
            console,
            "Problems",
            ("audit row", "table", "row", "what"),
            ((p.seq, p.table, p.id, p.kind) for p in report.problems),
        )


def export(
    ctx: typer.Context,
    out: Annotated[
        Path, typer.Argument(metavar="OUT", help="A new file; - writes to standard output.")
    ],
    format: Annotated[
        Format, typer.Option(help="jsonl is exact, csv is for reading.")
    ] = Format.JSONL,
    what: Annotated[
        What, typer.Option(help="Comments with decisions, the audit log, or the record as hashed.")
    ] = What.COMMENTS,
    page: Annotated[str | None, typer.Option(help="Only this page.")] = None,
    since: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Written on or after this day (UTC).")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="YYYY-MM-DD", help="Written before this day (UTC).")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write the record out."""
    from modbot.export import Filters
    from modbot.export import export as write

    to_stdout = str(out) == "-"
    if to_stdout and as_json:
        raise CommandFailed("--json needs a file to export to: standard output is taken")
    since_day, until_day = parse_day(since), parse_day(until)
    with open_record(_configured(ctx, config)) as opened:
        if page is not None:
            with opened.read() as s:
                page = registered(s, page).id
        filters = Filters(page_id=page, since=since_day, until=until_day)
        with _output(out, to_stdout=to_stdout) as file:
            rows = write(opened, file, format=format.value, what=what.value, filters=filters)
    if not to_stdout:
        part = what is What.AUDIT or page is not None
        _tell_exported(out, format, what, rows, part=part, as_json=as_json)


def _tell_exported(
    out: Path, format: Format, what: What, rows: int, *, part: bool, as_json: bool
) -> None:
    payload = {"file": str(out), "format": format.value, "what": what.value, "rows": rows}
    if format is Format.JSONL and what is not What.COMMENTS:
        payload["verifier"] = _ship_verifier(out)

    def tell(console: Console) -> None:
        console.print(f"{rows} rows written to {out}")
        if "verifier" in payload:
            checked = f"python3 {payload['verifier']} {out} CHECKPOINT{' --part' if part else ''}"
            console.print(f"To check it elsewhere: {checked}", soft_wrap=True)

    answer(payload, as_json=as_json, tell=tell)


def _ship_verifier(out: Path) -> str:
    """Puts the program that checks the export beside it; an older one there is replaced."""
    from modbot.export import VERIFIER, verifier

    path = out.parent / VERIFIER
    try:
        path.write_text(verifier(), "utf-8")
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error.strerror}") from None
    return str(path)


@contextmanager
def _output(path: Path, *, to_stdout: bool) -> Iterator[TextIO]:
    """Where the export goes. A file appears whole or not at all, and none is written over."""
    if to_stdout:
        sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
        yield sys.stdout
        sys.stdout.flush()
        return
    if path.exists():
        raise CommandFailed(f"{path} exists already; nothing was written")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        # Only the owner may read it: it holds what people wrote and who they are.
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error.strerror}") from None
    try:
        with open(descriptor, "w", encoding="utf-8", newline="") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
