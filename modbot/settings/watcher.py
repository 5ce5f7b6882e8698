"""Hot reload: a changed configuration is given out whole and checked, or not at all."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from modbot.errors import BadConfig
from modbot.settings.folder import Config, digest, parse_files, read_files

LOOKS = 10


class ConfigWatcher:
    """Looks at the files of one configuration. Not for more than one thread."""

    def __init__(
        self,
        config: Config,
        *,
        settle_seconds: float = 0.2,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder = config.folder
        self._settle_seconds = settle_seconds
        self._sleep = sleep
        self._seen = config.sha256  # the files last looked at, or why they could not be read

    def reload(self) -> Config | BadConfig | None:
        """What changed: a checked configuration, or what is wrong with it; None: nothing.

        Each state of the files is told once. The caller keeps the old configuration in force
        when the answer is an error; mending the files brings a Config again.
        """
        try:
            files = read_files(self._folder)
            if digest(self._folder, files) == self._seen:
                return None
            files = self._settled(files)
        except BadConfig as error:
            return self._news(str(error), error)
        seen = digest(self._folder, files)
        try:
            return self._news(seen, parse_files(self._folder, files))
        except BadConfig as error:
            return self._news(seen, error)

    def _news(self, seen: str, answer: Config | BadConfig) -> Config | BadConfig | None:
        if seen == self._seen:
            return None
        self._seen = seen
        return answer

    def _settled(self, files: dict[Path, bytes]) -> dict[Path, bytes]:
        """Files read alike twice in a row, so that a half-written one is not taken for whole."""
        for _ in range(LOOKS):
            self._sleep(self._settle_seconds)
            again = read_files(self._folder)
            if again == files:
                return files
            files = again
        raise BadConfig("is still being written", file=str(self._folder))
