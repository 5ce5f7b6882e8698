"""The adapters of the registered pages, each made once and anew when its registration changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from modbot.budget import Budgets
from modbot.domain import Page
from modbot.errors import AuthExpired, BadConfig
from modbot.ports import AdapterFactory, Clock, Connection, PlatformAdapter
from modbot.settings import Settings, read_secret


class Adapters:
    """By page. `settings` are those in force; all adapters share `budgets`."""

    def __init__(
        self,
        factories: Mapping[str, AdapterFactory],
        settings: Callable[[], Settings],
        *,
        clock: Clock,
        environ: Mapping[str, str],
        budgets: Budgets,
        answered: Callable[[str, int], object] | None = None,
    ) -> None:
        self.factories = factories
        self._settings, self._clock, self._environ = settings, clock, environ
        self._budgets, self._answered = budgets, answered
        self._made: dict[str, tuple[Page, PlatformAdapter]] = {}
        self._lock = threading.Lock()

    def of(self, page: Page) -> PlatformAdapter:
        """Raises AuthExpired when its token cannot be read."""
        with self._lock:
            kept = self._made.get(page.id)
            if kept is not None and _same_account(kept[0], page):
                return kept[1]
        made = self._factory(page)(page, self._connection(page, self._watch_hours))
        with self._lock:
            self._made[page.id] = (page, made)
        return made

    def made(self, page_id: str) -> PlatformAdapter | None:
        """The one that was made before, if any."""
        with self._lock:
            return self._made.get(page_id, (None, None))[1]

    def looking_back(self, page: Page, since: datetime) -> PlatformAdapter:
        """Another one, whose listings reach back to `since`. Raises AuthExpired."""
        hours = (self._clock.now() - since) / timedelta(hours=1)
        return self._factory(page)(page, self._connection(page, max(hours, self._watch_hours)))

    def forget(self, page_id: str) -> None:
        """The page's token is read anew."""
        with self._lock:
            self._made.pop(page_id, None)

    def forget_all(self) -> None:
        """Every adapter is made anew, as after a change of the configuration."""
        with self._lock:
            self._made.clear()

    @property
    def _watch_hours(self) -> float:
        return self._settings().polling.watch_hours

    def _factory(self, page: Page) -> AdapterFactory:
        return self.factories[page.platform]

    def _connection(self, page: Page, watch_hours: float) -> Connection:
        settings = self._settings()
        try:
            secrets = read_secret(page.token_ref, self._environ) if page.token_ref else {}
        except BadConfig as error:
            raise AuthExpired(str(error)) from error
        return Connection(
            secrets=secrets,
            now=self._clock.now,
            timeout_seconds=settings.http.timeout_seconds,
            deadline_seconds=settings.http.deadline_seconds,
            watch_hours=watch_hours,
            spending=settings.budget.spending,
            budgets=self._budgets,
            answered=self._answered,
        )


def _same_account(one: Page, other: Page) -> bool:
    return (one.external_id, one.base_url, one.token_ref, one.handle) == (
        other.external_id,
        other.base_url,
        other.token_ref,
        other.handle,
    )
