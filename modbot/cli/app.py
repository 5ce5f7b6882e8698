"""The `modbot` program: its commands, and how it ends."""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Sequence
from functools import cache
from typing import Annotated

import typer

from modbot import __version__
from modbot.cli import (
    alerts,
    backup,
    check,
    checkpoint,
    config,
    db,
    decisions,
    doctor,
    evaluate,
    explain,
    fundraisers,
    lint,
    manual,
    model,
    pages,
    people,
    record,
    replay,
    running,
    tune,
    undo,
)
from modbot.cli.answers import (
    EXIT_ALREADY_RUNNING,
    EXIT_BAD_INPUT,
    CommandFailed,
    complain,
    print_json,
)
from modbot.cli.surroundings import ConfigOption
from modbot.errors import AlreadyRunning, ModbotError
from modbot.plain_text import one_line

EXIT_INTERNAL = 70  # EX_SOFTWARE
EXIT_INTERRUPTED = 130

app = typer.Typer(
    name="modbot",
    help="Moderates the comments on a school district's social media pages, and keeps the record.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
for module in (running, check, evaluate, explain, replay, tune, record, backup, doctor):
    module.register(app)
for name, group in (
    ("pages", pages.app),
    ("fundraisers", fundraisers.app),
    ("people", people.app),
    ("decisions", decisions.app),
    ("manual", manual.app),
    ("config", config.app),
    ("lint", lint.app),
    ("model", model.app),
    ("checkpoint", checkpoint.app),
    ("alerts", alerts.app),
    ("db", db.app),
    ("undo", undo.app),
):
    app.add_typer(group, name=name)


def _print_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"modbot {__version__}\n")
        raise typer.Exit


@app.callback()
def _root(
    ctx: typer.Context,
    config: ConfigOption = None,
    version: Annotated[  # noqa: ARG001 - its callback does the work
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    ctx.obj = config


def _dump_no_memory() -> None:
    """A crash leaves no copy of this process's memory, which may hold tokens. With a limit of 0
    the system would still hand one to a program that collects them (core(5)); with 1 it does not.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (1 if hard else 0, hard))


def main(argv: Sequence[str] | None = None) -> None:
    """Runs one command and exits: 0 done, 1 a check failed, 2 broken input, 75 already running."""
    _dump_no_memory()
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        code = _program()(args=arguments, prog_name="modbot", standalone_mode=False)
    except BrokenPipeError:
        # The reader has gone (`modbot export - | head`); nothing is left to be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        explained, code = _explained(error)
        message = one_line(explained)
        complain(message)
        if "--json" in arguments:
            print_json({"error": message})
    sys.exit(code or 0)


@cache
def _program() -> Callable[..., int | None]:
    """The commands as Typer has read them from their functions, which takes a tenth of a second."""
    return typer.main.get_command(app)


def _explained(error: Exception) -> tuple[str, int]:
    """One line about an error, and the exit code."""
    if isinstance(error, CommandFailed):
        return str(error), error.exit_code
    if isinstance(error, AlreadyRunning):
        return str(error), EXIT_ALREADY_RUNNING
    if isinstance(error, ModbotError):
        return str(error), EXIT_BAD_INPUT
    if isinstance(error, typer.TyperException):
        return f"{error.format_message()} (see modbot --help)", EXIT_BAD_INPUT
    if isinstance(error, OSError):
        where = f"{error.filename}: " if error.filename else ""
        return f"{where}{error.strerror or type(error).__name__}", EXIT_BAD_INPUT
    from modbot import logs

    logs.log_crash(error)
    return f"internal error ({type(error).__name__}); please report it", EXIT_INTERNAL
