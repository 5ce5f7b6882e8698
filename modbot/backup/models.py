"""The large files of the models that judged go with a copy of the database."""

from __future__ import annotations

from pathlib import Path

from modbot.backup.copying import reading
from modbot.large_files import carry, folder_beside
from modbot.store import sqlite_module

_MODELS = "SELECT name, files FROM kept WHERE name NOT LIKE 'config %' ORDER BY name"


def carry_models(copied: Path, origin: Path, target: Path) -> tuple[str, ...]:
    """Copies what the record in `copied` names from beside one database to beside another, where
    it is not there yet; gives the models that are not whole. Raises OSError."""
    try:
        with reading(copied) as connection:
            kept = connection.execute(_MODELS).fetchall()
    except sqlite_module.OperationalError:  # of before models were kept
        return ()
    folders = folder_beside(origin), folder_beside(target)
    return tuple(name for name, files in kept if carry([files], *folders))
