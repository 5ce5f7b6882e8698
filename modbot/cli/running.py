"""`modbot run`, `web`, `poll` and `demo`: the service at work."""

from __future__ import annotations

import gc
import os
import resource
import signal
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from modbot.cli.answers import EXIT_BAD_CONFIG, CommandFailed, answer, complain, print_table
from modbot.cli.first_person import refuse_demo, tell_first_link
from modbot.cli.surroundings import ConfigOption, JsonOption, load, open_service, registered
from modbot.errors import BadConfig

if TYPE_CHECKING:
    from rich.console import Console

    from modbot.pipeline import PollResult
    from modbot.service import Service
    from modbot.settings import Config

WAKE_SECONDS = 0.2
FILE_HANDLES = 65_536  # each page keeps a connection open; the usual limit is 1,024
DEFAULT_SPEED = 510.0  # the demo day of seventeen hours in two minutes


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    for name, command in (("demo", demo), ("run", run), ("web", web), ("poll", poll)):
        app.command(name)(command)


@contextmanager
def _until_told_to_stop() -> Iterator[threading.Event]:
    """Set by SIGTERM or Ctrl-C; a second one of them ends the process at once."""
    stop, over = threading.Event(), threading.Event()
    told: list[int] = []
    before = {s: signal.getsignal(s) for s in (signal.SIGTERM, signal.SIGINT)}

    def on_signal(number: int, _frame: object) -> None:
        # Takes no lock: this runs in the main thread, which may hold that of `stop` just now.
        told.append(number)
        signal.signal(number, signal.SIG_DFL)

    def pass_on() -> None:
        while not over.wait(WAKE_SECONDS):
            if told:
                stop.set()
                return

    for number in before:
        signal.signal(number, on_signal)
    threading.Thread(target=pass_on, name="signals", daemon=True).start()
    try:
        yield stop
    finally:
        over.set()
        for number, handler in before.items():
            signal.signal(number, handler)


def _wait(stop: threading.Event) -> None:
    """Until `stop` is set. Timed: Python handles a signal when its main thread next wakes, and
    one that comes just before an untimed wait wakes nobody."""
    while not stop.wait(WAKE_SECONDS):
        pass


@contextmanager
def _collecting_no_garbage() -> Iterator[None]:
    """For a start: rules, tables and weights are made to stay, and looking through them again and
    again for garbage took an eighth of the time to the first poll. It never is looked through."""
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def _allow_file_handles() -> None:
    """As many as the system lets this process have, so that a thousand pages fit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILE_HANDLES if hard == resource.RLIM_INFINITY else min(hard, FILE_HANDLES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def run(ctx: typer.Context, config: ConfigOption = None) -> None:
    """Run the service until it is told to stop."""
    _allow_file_handles()
    with _until_told_to_stop() as stop, ExitStack() as open_things:
        with _collecting_no_garbage():
            found, service = _start(ctx, config, open_things)
        if found.settings.web.enabled:
            _serve(open_things, service, found, None)
        _tell_of_secrets(found, service)
        _wait(stop)


def _tell_of_secrets(config: Config, service: Service) -> None:
    """Logs each secret that is missing or that others can read. Some are else read for the first
    time when they are needed most: an alert's address, the key of a checkpoint."""
    import structlog

    from modbot import store
    from modbot.doctor import State, secrets

    with service.database.read() as s:
        tokens = [page.token_ref for page in store.pages(s)]
    for found in secrets(config, tokens, os.environ):
        if found.state is not State.OK:
            structlog.get_logger("modbot.start").error(
                "secret_not_usable", trouble=found.said, todo=found.advice
            )


def _start(
    ctx: typer.Context, config: Path | None, open_things: ExitStack
) -> tuple[Config, Service]:
    """The service, polling already: loading what serves the page takes most of a second."""
    from modbot import scheduler, store

    try:
        found = load(ctx, config, level="configured")
        hold = open_things.enter_context(store.hold_configured(found.settings.database))
        service = open_things.enter_context(open_service(found, hold))
        refuse_demo(service.database)
    except BadConfig as error:
        raise CommandFailed(str(error), exit_code=EXIT_BAD_CONFIG) from None
    open_things.enter_context(scheduler.polling(service))
    return found, service


def web(
    ctx: typer.Context,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help="In place of the configured one.")
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Serve the web page alone."""
    found = load(ctx, config, level="configured")
    with _until_told_to_stop() as stop, ExitStack() as open_things:
        service = open_things.enter_context(open_service(found))
        refuse_demo(service.database)
        _serve(open_things, service, found, port)
        _wait(stop)


def _serve(open_things: ExitStack, service: Service, config: Config, port: int | None) -> None:
    """Serves the pages of a real district; says how the first person comes in."""
    address = open_things.enter_context(_pages(service, config, port))
    tell_first_link(service.database, config, address)


@contextmanager
def _pages(
    service: Service, config: Config, port: int | None, *, demo: bool = False
) -> Iterator[str]:
    """Serves the pages and says where; those of the demo on this machine alone."""
    import structlog

    from modbot.cli.web_server import serving

    settings = config.settings.web
    chosen = settings.port if port is None else port
    host = "127.0.0.1" if demo else settings.host
    with serving(service, host=host, port=chosen, demo=demo, prepared=True) as address:
        structlog.get_logger("modbot.web").info("serving", address=address)
        yield address


def poll(
    ctx: typer.Context,
    page: Annotated[
        list[str] | None, typer.Argument(metavar="[PAGE]...", help="Their ids; else all pages.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read pages once, now.

    Carries out what is due; exit 1 when a page could not be read.
    """
    from modbot import store

    found = load(ctx, config)
    held = store.hold_configured(found.settings.database)
    with held as hold, open_service(found, hold) as service:
        with service.database.read() as s:
            known = [p.id for p in store.pages(s)]
            chosen = [registered(s, page_id).id for page_id in page] if page else known
        results = [service.poll_page(page_id) for page_id in chosen]

    ok = not any(r.error for r in results)
    payload = {"ok": ok, "pages": [asdict(r) for r in results]}
    answer(payload, as_json=as_json, tell=lambda console: _tell_polled(console, results))
    if not ok:
        raise typer.Exit(1)


def _tell_polled(console: Console, results: Sequence[PollResult]) -> None:
    columns = ("page", "seen", "new", "edited", "gone", "hides", "result")
    rows = (
        (r.page_id, r.seen, r.new, r.edited, r.gone, r.hides_requested, _outcome(r))
        for r in results
    )
    print_table(console, "Polled", columns, rows)


def _outcome(result: PollResult) -> str:
    return result.error or result.skipped or "ok"


def demo(
    ctx: typer.Context,
    once: Annotated[
        bool, typer.Option("--once", help="The whole day as fast as it can, then an account.")
    ] = False,
    speed: Annotated[
        float, typer.Option(min=1, max=100_000, help="How many times as fast as life.")
    ] = DEFAULT_SPEED,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Of the web page.")] = None,
    data_dir: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the demo's data here.")
    ] = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """Play a school day on stand-in platforms."""
    found = load(ctx, config)
    if once:
        _demo_once(found, as_json=as_json)
    elif as_json:
        raise CommandFailed("--json goes with --once")
    else:
        _demo_live(found, speed=speed, port=port, data_dir=data_dir)


def _demo_once(config: Config, *, as_json: bool) -> None:
    from modbot import demo
    from modbot.demo import report

    account = demo.run_once(config)

    def tell(console: Console) -> None:
        print_table(
            console,
            "The day in numbers",
            ("what", "how many"),
            account_lines(account),
        )

    answer(account, as_json=as_json, tell=tell)
    if not report.is_sound(account):
        complain("the account does not come out even")
        raise typer.Exit(1)


def account_lines(account: Mapping[str, object], within: str = "") -> Iterator[tuple[str, object]]:
    """Every figure of an account on a line of its own."""
    for name, value in account.items():
        said = f"{within} {name}".strip().replace("_", " ")
        if isinstance(value, Mapping):
            yield from account_lines(value, said)
        else:
            yield said, value


def _demo_live(config: Config, *, speed: float, port: int | None, data_dir: Path | None) -> None:
    from rich.console import Console

    from modbot import demo

    with _until_told_to_stop() as stop, ExitStack() as open_things:
        if data_dir is None:
            temporary = tempfile.TemporaryDirectory(prefix="modbot-demo-")
            data_dir = Path(open_things.enter_context(temporary))

        @contextmanager
        def serve(service: Service) -> Iterator[str]:
            with ExitStack() as page:
                try:
                    address = page.enter_context(_pages(service, config, port, demo=True))
                except CommandFailed:
                    if port is not None:
                        raise
                    # Something else has the usual port: no reason to keep a newcomer from the demo.
                    address = page.enter_context(_pages(service, config, 0, demo=True))
                yield address

        demo.run_live(
            config,
            speed=speed,
            data_dir=data_dir,
            console=Console(emoji=False),
            serve=serve,
            stop=stop,
            stay=True,
        )
