"""Ten people at work in the review room, as the benchmark of it has them."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any
from urllib.parse import urlencode, urlsplit

from modbot.people.tokens import form_token

Answer = tuple[str, str, int, float]  # screen, path, status, milliseconds
SCOPED = 3  # of the people are managers who see a few pages only
MANAGED = ("facebook:1000", "x:1003", "youtube:1032", "wordpress:1059")
DECIDING = 0.5  # of the items that somebody opens get a verdict
_VERDICT = {"verdict": "allow", "note": "It stays."}
# Of each filter a value that most have and one that few have.
VALUES: Mapping[str, tuple[Mapping[str, str], ...]] = {
    "page": ({"page": "facebook:1000"}, {"page": "wordpress:1059"}),
    "platform": ({"platform": "facebook"}, {"platform": "x"}),
    "category": ({"category": "profanity"}, {"category": "crisis"}),
    "verdict": ({"verdict": "allow"}, {"verdict": "escalate"}),
    "actor": ({"actor": "bot"}, {"actor": "person:Dee Walker"}),
    "rule": ({"rule": "embedded"}, {"rule": "threat_1:rule40"}),
    "language": ({"language": "es"}, {"language": "pt"}),
    "date": ({"from": "2025-09-01"}, {"from": "2026-05-04", "to": "2026-05-04"}),
    "text": ({"q": "the"}, {"q": "maestr* \"de la\""}),
}  # fmt: skip


@dataclass(frozen=True)
class Ask:
    """One request and the screen that it counts for; `form`: what a POST sends."""

    screen: str
    path: str
    form: Mapping[str, str] | None = None


def log_paths() -> list[str]:
    """The log with every pair of two filters, each with its common and its rare value."""
    paths = []
    for one, other in combinations(VALUES, 2):
        for left, right in product(VALUES[one], VALUES[other]):
            paths.append(f"/log?{urlencode({**left, **right})}")
    return paths


def asks(newest: int, seed: int, *, scoped: bool) -> Iterator[Ask]:
    """What one person opens, for ever."""
    rng = random.Random(seed)
    paths = log_paths()
    while True:
        rng.shuffle(paths)
        for path in paths:
            if not scoped or not path.count("page="):
                yield Ask("log, two filters" + (", scoped" if scoped else ""), path)
            before = "" if rng.random() < 0.5 else f"?before={rng.randrange(newest)}"
            yield Ask("log", f"/log{before}")
            if not scoped:
                yield Ask("one comment", f"/decisions/{rng.randrange(1, newest)}")
            yield Ask("queue", "/queue")
            yield Ask("new ones?", f"/newest?after={newest - 5}")


class Person:
    """Somebody with a browser: one connection that is kept, one session."""

    def __init__(self, address: str, cookie: str, rng: random.Random):
        self._connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=60)
        self._headers = {"cookie": cookie, "accept-language": "en"}
        self._form_token = form_token(cookie.partition("=")[2])
        self._rng = rng
        self.answers: list[Answer] = []

    def open(self, ask: Ask) -> str:
        """Asks, follows redirects, and notes how long it took; the path they end up on."""
        began = time.perf_counter()
        status, place = self._fetch(ask)
        self.answers.append((ask.screen, place, status, (time.perf_counter() - began) * 1000))
        return place

    def work(self, want: Iterator[Ask], until: float, pause: float) -> None:
        """Opens one after the other until `until` (perf_counter); decides on some that wait."""
        time.sleep(pause * self._rng.random())  # they do not all begin in the same moment
        for ask in want:
            if time.perf_counter() > until:
                break
            place = self.open(ask)
            self._look(pause)
            if ask.screen == "queue" and self._rng.random() < DECIDING:
                self.open(Ask("verdict", f"{_decision(place)}/verdict", _VERDICT))
                self._look(pause)

    def _look(self, pause: float) -> None:
        time.sleep(pause * self._rng.uniform(0.5, 1.5))

    def _fetch(self, ask: Ask) -> tuple[int, str]:
        path, form = ask.path, ask.form
        while True:
            if form is None:
                self._connection.request("GET", path, headers=self._headers)
            else:
                body = urlencode({**form, "csrf": self._form_token})
                kind = {"content-type": "application/x-www-form-urlencoded"}
                self._connection.request("POST", path, body, {**self._headers, **kind})
            answer = self._connection.getresponse()
            answer.read()
            if answer.status != 303:
                return answer.status, path
            path, form = answer.headers["location"], None


def _decision(place: str) -> str:
    """The address of a decision, from that of its item in the queue."""
    return place.partition("?")[0].replace("/queue/", "/decisions/")


def crowd(
    address: str, cookies: Sequence[str], newest: int, seconds: float, pause: float, pipe: Any
) -> None:
    """All people at once, in a process of their own so that they take no turn from the service."""
    until = time.perf_counter() + seconds
    people = [Person(address, cookie, random.Random(n)) for n, cookie in enumerate(cookies)]
    threads = [
        threading.Thread(target=one.work, args=(asks(newest, n, scoped=n < SCOPED), until, pause))
        for n, one in enumerate(people)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    pipe.send([answer for one in people for answer in one.answers])
