"""Sends one message to one destination by apprise, in a process of its own.

Run by path, never imported by the service: apprise has two hundred plug-ins, each with time-outs
of its own. Here they can hang, and the parent ends the process; and whatever they try to reach is
held against what is allowed, at the calls of Python itself (PEP 578), redirects too. Standard
input: a JSON object with `urls`, `title`, `body`, `local_hosts`, `seconds`. Standard output: one
with `error`, empty when all of it was sent; it never repeats an address.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import re
import signal
import ssl
import sys
from collections.abc import Mapping, Sequence
from types import FrameType
from typing import Any

NOT_UNDERSTOOD = "its address is not one that apprise understands"
INSIDE = "it lies inside the network: name the host in alerts.local_hosts if that is meant"
NO_TLS = "it would be sent without TLS: use an address with TLS, or name the host in local_hosts"
UNCHECKED = "it would not check the certificate: leave out verify=no"
OTHERWISE = "this kind of address reaches out in a way that is not allowed here"
NO_ANSWER = "it did not take the message"
START_SECONDS = 60
_CODE = re.compile(r"(?:error=|\()(\d{3})\b")
_BEFORE_TLS = ("ehlo", "helo", "starttls", "quit", "rset")
_FORBIDDEN = frozenset(
    {
        *("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
        *("os.forkpty", "pty.spawn", "socket.bind", "ftplib.connect", "telnetlib.Telnet.open"),
        *("imaplib.open", "nntplib.connect", "poplib.connect", "ctypes.dlopen"),
    }
)


class Refused(OSError):
    """Not sent: the reason is for a person."""


class Bounds:
    """Lets this process reach public hosts over TLS, and the named hosts inside the network."""

    def __init__(self, local_hosts: Sequence[str]) -> None:
        self._local = frozenset(host.lower().strip("[]") for host in local_hosts)
        self._host = ""  # of the newest connection
        self.why = ""
        self.reached = False  # whether anything was connected to
        self.closed = False  # only once the libraries are loaded

    def is_local(self, host: str) -> bool:
        """Whether the host is one that the district named."""
        return host.lower().strip("[]") in self._local

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        """An audit hook; raises Refused."""
        if not self.closed:
            return
        if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
            self._connects(args[1])
        elif event == "smtplib.send":
            self._says(*args)
        elif event in _FORBIDDEN:
            self._refuse(OTHERWISE)

    def _connects(self, address: object) -> None:
        asked = _who_connects()
        if asked is None or not isinstance(address, tuple):
            self._refuse(OTHERWISE)  # a socket file, or a library that is neither HTTP nor SMTP
            return
        self._host, plain_http = asked
        local = self.is_local(self._host)
        if plain_http and not local:
            self._refuse(NO_TLS)
        try:
            public = ipaddress.ip_address(str(address[0]).partition("%")[0]).is_global
        except ValueError:
            public = False
        if not public and not local:
            self._refuse(INSIDE)
        self.reached = True

    def _says(self, connection: Any, data: str | bytes) -> None:
        said = data if isinstance(data, str) else data.decode("latin-1")
        if isinstance(connection.sock, ssl.SSLSocket) or self.is_local(self._host):
            return
        if not said.lower().startswith(_BEFORE_TLS):
            self._refuse(NO_TLS)

    def _refuse(self, why: str) -> None:
        self.why = why
        raise Refused(why)


def _who_connects() -> tuple[str, bool] | None:
    """The host that an HTTP or SMTP library connects to just now, and whether that is HTTP
    without TLS; None where something else connects."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        place = (frame.f_globals.get("__name__"), frame.f_code.co_name)
        if place == ("smtplib", "_get_socket"):
            return str(frame.f_locals["host"]), False  # TLS is looked at before anything is said
        if place == ("urllib3.connection", "_new_conn"):
            connection = frame.f_locals["self"]
            kinds = {kind.__name__ for kind in type(connection).__mro__}
            return str(connection.host), "HTTPSConnection" not in kinds
        frame = frame.f_back
    return None


class Answers(logging.Handler):
    """Keeps the number of the last answer that apprise complains of, and nothing else of it."""

    code = ""

    def emit(self, record: logging.LogRecord) -> None:
        found = _CODE.search(record.getMessage())
        self.code = found[1] if found else self.code


def send(job: Mapping[str, Any], bounds: Bounds) -> str:
    """Sends to each address; what went wrong, or nothing."""
    import apprise
    from apprise.logger import logger

    answers = Answers(logging.WARNING)
    logger.handlers, logger.propagate = [answers], False
    logger.setLevel(logging.WARNING)
    asset = apprise.AppriseAsset(
        app_id="modbot",
        app_desc="modbot",
        app_url="",
        image_url_mask="",
        image_url_logo="",
        async_mode=False,
        http_redirects=False,
        storage_mode="memory",
        plugin_paths=[],
    )
    plugins = []
    for url in job["urls"]:
        plugin = apprise.Apprise.instantiate(url, asset=asset, suppress_exceptions=True)
        if plugin is None:
            return NOT_UNDERSTOOD
        if not plugin.verify_certificate and not bounds.is_local(str(plugin.host or "")):
            return UNCHECKED
        plugins.append(plugin)
    signal.setitimer(signal.ITIMER_REAL, job["seconds"])  # begins once the libraries are loaded
    bounds.closed = True
    what = {"title": job["title"], "body": job["body"], "body_format": apprise.NotifyFormat.TEXT}
    for plugin in plugins:
        bounds.reached = False
        if not plugin.notify(**what):
            return bounds.why or NO_ANSWER + (f" ({answers.code})" if answers.code else "")
        if not bounds.reached:
            return OTHERWISE
    return ""


def main() -> None:
    """Reads the job, sends, answers. The kernel ends this process at its deadline, whatever a
    plug-in does, and whether or not the parent is still there."""
    job = json.load(sys.stdin)
    signal.alarm(START_SECONDS)
    bounds = Bounds(job["local_hosts"])
    sys.addaudithook(bounds.hook)
    try:
        error = send(job, bounds)
    except Exception as failure:  # a plug-in's own fault; its text may hold the address
        error = bounds.why or f"{NO_ANSWER} ({type(failure).__name__})"
    print(json.dumps({"error": error}))  # noqa: T201 - this is how it answers


if __name__ == "__main__":
    main()
