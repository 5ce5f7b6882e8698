"""Hands a message to the process that sends it, and ends that process when it takes too long."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from modbot.errors import BadConfig
from modbot.settings import read_secret
from modbot.settings.sections import AlertsSection

if TYPE_CHECKING:
    from modbot.alerts.message import Message

PROGRAM = Path(__file__).with_name("outbound.py")
START_SECONDS = 60.0  # beyond the deadline, for a busy machine to load what sends
TOO_SLOW = "it did not answer in time"
FAILED = "the sending process failed"
# What the process may know of our surroundings: where libraries, certificates and a proxy are.
_PASSED_ON = (
    *("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "PYTHONPATH", "SSL_CERT_FILE"),
    *("SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"),
)


class Post:
    """Sends messages to the destinations of a configuration."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._processes: set[subprocess.Popen[str]] = set()

    def send(self, section: AlertsSection, destination: str, what: Message) -> str:
        """What went wrong, in words without an address; empty when it was taken. Takes
        `deadline_seconds` and the start of a process at most, and raises for nothing that a
        destination does."""
        try:
            urls = _addresses(section, destination, self._environ)
        except BadConfig as error:
            return str(error)
        job = {
            "urls": urls,
            "title": what.title,
            "body": what.body,
            "local_hosts": list(section.local_hosts),
            "seconds": section.deadline_seconds,
        }
        return self._run(json.dumps(job), section.deadline_seconds)

    def _run(self, job: str, seconds: float) -> str:
        passed_on = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        process = subprocess.Popen(
            (sys.executable, "-P", str(PROGRAM)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # may hold addresses
            env=passed_on,
            text=True,
        )
        self._processes.add(process)
        try:
            answer, _ = process.communicate(job, timeout=seconds + START_SECONDS)
        except subprocess.TimeoutExpired:
            return TOO_SLOW
        finally:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()
            self._processes.discard(process)
        if process.returncode == -signal.SIGALRM:
            return TOO_SLOW
        try:
            return str(json.loads(answer)["error"])
        except (ValueError, KeyError, TypeError):
            return FAILED

    def stop(self) -> None:
        """Ends what is under way."""
        for process in list(self._processes):
            process.kill()


def _addresses(
    section: AlertsSection, destination: str, environ: Mapping[str, str]
) -> Sequence[str]:
    """The apprise addresses of a destination: one alone, or the values of a JSON object."""
    reference = section.destinations.get(destination)
    if reference is None:
        raise BadConfig("modbot.toml no longer names it")
    return list(read_secret(reference, environ).values())
