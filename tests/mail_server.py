"""A mail server on this machine that keeps what it is given: enough of SMTP for smtplib."""

from __future__ import annotations

import base64
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.certificate import server_context


class MailServer(socketserver.ThreadingTCPServer):
    """`mails` holds each message's bytes; addresses in `refused` are not accepted.

    With `tls` it offers STARTTLS, with a `login` ("user", "password") it takes mail only after it.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(
        self, tls: ssl.SSLContext | None = None, login: tuple[str, str] | None = None
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.mails: list[bytes] = []
        self.refused: set[str] = set()
        self.tls, self.login = tls, login
        self.said: list[bytes] = []  # everything that came in the clear

    @property
    def port(self) -> int:
        return int(self.server_address[1])


class _Talk(socketserver.StreamRequestHandler):
    server: MailServer
    secured = False
    known = False

    def handle(self) -> None:
        self._say("220 test")
        while line := self.rfile.readline():
            if not self.secured:
                self.server.said.append(line)
            word = line.strip().decode().upper()
            if word.startswith("QUIT"):
                self._say("221 bye")
                return
            if word.startswith("EHLO"):
                self._greet()
            elif word == "STARTTLS" and self.server.tls:
                self._secure(self.server.tls)
            elif word.startswith("AUTH PLAIN "):
                self._let_in(line.strip().decode().split(" ")[2])
            elif self.server.login and not self.known and word.startswith(("MAIL", "RCPT")):
                self._say("530 sign in first")
            elif word == "DATA":
                self._say("354 go on")
                self.server.mails.append(self._message())
                self._say("250 kept")
            elif any(f"<{address}>".upper() in word for address in self.server.refused):
                self._say("550 nobody here")
            else:
                self._say("250 ok")

    def finish(self) -> None:
        super().finish()
        self.connection.close()

    def _greet(self) -> None:
        offers = ["test"]
        if self.server.tls and not self.secured:
            offers.append("STARTTLS")
        if self.server.login and (self.secured or not self.server.tls):
            offers.append("AUTH PLAIN")
        for offer in offers[:-1]:
            self._say(f"250-{offer}")
        self._say(f"250 {offers[-1]}")

    def _secure(self, tls: ssl.SSLContext) -> None:
        self._say("220 go on")
        try:
            self.connection = tls.wrap_socket(self.connection, server_side=True)
        except OSError:  # it does not trust us
            return
        self.rfile.close()
        self.wfile.close()
        self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb")
        self.secured = True

    def _let_in(self, said: str) -> None:
        user, password = base64.b64decode(said).decode().split("\0")[1:]
        self.known = (user, password) == self.server.login
        self._say("235 welcome" if self.known else "535 wrong")

    def _message(self) -> bytes:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        return b"".join(lines)

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())
        self.wfile.flush()


@contextmanager
def mail_server(
    *, certificate: Path | None = None, login: tuple[str, str] | None = None
) -> Iterator[MailServer]:
    """The server while the block lasts; with TLS where there is a certificate."""
    tls = server_context(certificate) if certificate else None
    with MailServer(tls, login) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()
