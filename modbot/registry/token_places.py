"""Where a token may be that is named in the review room.

Whoever signs in there need not be trusted with the server: a reference to any file or variable of
it would send what is in there to the address of a page.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modbot.errors import BadConfig
from modbot.registry.problems import Problem
from modbot.settings import check_reference


@dataclass(frozen=True, kw_only=True)
class TokenPlaces:
    """Folders, and how the names of variables begin."""

    folders: Sequence[str]
    variables: str

    def problems(self, ref: str) -> Iterator[Problem]:
        """What stands against a reference; it is never repeated, as it may be the token itself."""
        try:
            check_reference(ref)
        except BadConfig as error:
            why = "no_reference" if ref.strip() else "missing"
            yield Problem(field="token_ref", why=why, says=str(error))
            return
        kind, _, name = ref.partition(":")
        allowed = name.startswith(self.variables) if kind == "env" else self._holds(name)
        if not allowed:
            places = ", ".join(
                (f"env:{self.variables}...", *(f"file:{f}/..." for f in self.folders))
            )
            says = f"a token named here must be one of {places}"
            yield Problem(field="token_ref", why="other_place", says=says, what=places)

    def _holds(self, path: str) -> bool:
        """Is it a file right or deep in one of the folders, links followed?"""
        if not os.path.isabs(path):
            return False
        real = os.path.realpath(path)
        homes = [os.path.realpath(folder) for folder in self.folders]
        return any(os.path.commonpath((real, home)) == home != real for home in homes)
