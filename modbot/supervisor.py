"""What systemd is told: that the service works, and every second that it still does.

The protocol of sd_notify(3): a datagram to the socket that $NOTIFY_SOCKET names. Without that
variable, as in a container or at a terminal, nothing is said.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping

import structlog

_log = structlog.get_logger("modbot.supervisor")
READY, ALIVE, STOPPING = b"READY=1", b"WATCHDOG=1", b"STOPPING=1"


class Supervisor:
    """The other end of $NOTIFY_SOCKET; never raises."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        name = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{name[1:]}" if name.startswith("@") else name
        self._failed = False

    def tell(self, state: bytes) -> None:
        """Says READY, ALIVE or STOPPING. One that is not taken is logged once: systemd ends a
        service that it does not hear of."""
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to:
                to.settimeout(1.0)
                to.sendto(state, self._address)
            self._failed = False
        except OSError as error:
            if not self._failed:
                _log.warning("supervisor_not_told", error=error.strerror or type(error).__name__)
            self._failed = True
