"""What judged, as it is kept for `modbot explain`, beside the audit rows that told of it.

These audit rows name no row: what they vouch for stands in their details. The tables are short.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from modbot.audit import postgres
from modbot.audit.findings import Found, rows_of
from modbot.stored_rows import canonical

KEPT, IN_FORCE = "judgement.kept", "judgement.in_force"
_TOLD = (
    "SELECT seq, at, detail FROM audit "
    "WHERE row_table = '' AND row_id = '' AND kind = ? ORDER BY seq"
)
_KEPT = "SELECT name, sha256, kept_at, files FROM kept ORDER BY name"
_IN_FORCE = (
    "SELECT id, since, config_sha256, models, code_version, code_sha256 FROM in_force ORDER BY id"
)


def check_judgement(connection: Any, found: Found) -> None:
    """Files that judged, and what was in force."""
    _check_kept(connection, found)
    _check_in_force(connection, found)


def _check_kept(connection: Any, found: Found) -> None:
    """Each name is told of once, with the hash of its files."""
    told: dict[object, tuple[int, object, object]] = {}
    for seq, at, detail in _told(connection, KEPT):
        name = str(detail.get("name"))
        if name in told:
            found.add("inserted", "audit", seq, seq)
        told.setdefault(name, (seq, detail.get("sha256"), at))
    query = postgres.KEPT if postgres.asks_postgres(connection) else _KEPT
    for name, sha256, kept_at, files in rows_of(connection, query):
        if name not in told:
            found.add("inserted", "kept", name)
            continue
        seq, expected, at = told.pop(name)
        if (sha256, _sha256(files), kept_at) != (expected, expected, at):
            found.add("changed", "kept", name, seq)
    for missing, (seq, *_) in told.items():
        found.add("removed", "kept", missing, seq)


def _check_in_force(connection: Any, found: Found) -> None:
    """Rows have the numbers of the audit rows that tell of them: first, second, ..."""
    rows = {row_id: stored for row_id, *stored in rows_of(connection, _IN_FORCE)}
    for number, (seq, at, detail) in enumerate(_told(connection, IN_FORCE), 1):
        stored = rows.pop(number, None)
        models, code = canonical(detail.get("models")), detail.get("code")
        expected = [at, detail.get("config"), models, code, detail.get("code_sha256")]
        if stored is None:
            found.add("removed", "in_force", number, seq)
        elif stored != expected:
            found.add("changed", "in_force", number, seq)
    for row_id in rows:
        found.add("inserted", "in_force", row_id)


def _told(connection: Any, kind: str) -> list[tuple[int, object, dict[str, object]]]:
    return [
        (seq, at, read_detail(detail)) for seq, at, detail in rows_of(connection, _TOLD, (kind,))
    ]


def read_detail(detail: object) -> dict[str, object]:
    """What an audit row tells; nothing where it was changed since, which its hash shows."""
    try:
        told = json.loads(detail)  # type: ignore[arg-type]
    except (ValueError, TypeError):
        return {}
    return told if isinstance(told, dict) else {}


def _sha256(files: object) -> object:
    """In hex; PostgreSQL has hashed them itself."""
    return hashlib.sha256(files).hexdigest() if isinstance(files, bytes) else files
