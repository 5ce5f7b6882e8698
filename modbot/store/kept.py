"""What judged, and since when: kept so that a decision can be made again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlmodel import Session, col

from modbot.audit import Entry, append
from modbot.audit.judgement import IN_FORCE, KEPT, read_detail
from modbot.code_version import CodeVersion
from modbot.domain import BOT
from modbot.errors import StoreUnreadable
from modbot.store.id_lists import in_list
from modbot.tables import AuditRow, InForceRow, KeptRow


@dataclass(frozen=True, kw_only=True)
class InForce:
    """What judged from a time on."""

    since: datetime
    config_sha256: str
    models: Mapping[str, str]  # classifier name -> version
    code: CodeVersion

    @property
    def config_name(self) -> str:
        """What its configuration is kept as."""
        return config_name(self.config_sha256)


def config_name(sha256: str) -> str:
    """What a configuration is kept as."""
    return f"config {sha256}"


def model_name(classifier: str, version: str) -> str:
    """What a model's weights are kept as."""
    return f"{classifier} {version}"


def not_kept(session: Session, names: Iterable[str]) -> frozenset[str]:
    """Those of the names under which nothing is kept."""
    wanted = frozenset(names)
    found = session.scalars(select(col(KeptRow.name)).where(in_list(col(KeptRow.name), wanted)))
    return wanted - frozenset(found)


def keep(session: Session, name: str, archive: bytes, now: datetime) -> None:
    """Keeps files under a name that is not taken, with an audit row that holds their hash."""
    sha256 = hashlib.sha256(archive).hexdigest()
    session.add(KeptRow(name=name, sha256=sha256, files=archive, kept_at=now))
    detail = {"name": name, "sha256": sha256, "bytes": len(archive)}
    append(session, [Entry(kind=KEPT, actor=BOT.name, detail=detail)], now)


def kept_files(session: Session, name: str) -> bytes | None:
    """What is kept under a name. Raises StoreUnreadable where it was changed since."""
    row = session.get(KeptRow, name)
    if row is None:
        return None
    if hashlib.sha256(row.files).hexdigest() != row.sha256:
        raise StoreUnreadable(f"what is kept of {name} was changed since: its hash differs")
    return row.files


def kept_models(session: Session) -> Iterator[tuple[str, bytes]]:
    """What is kept of each model, by name."""
    models = select(col(KeptRow.name)).where(~col(KeptRow.name).startswith("config "))
    for name in session.scalars(models.order_by(col(KeptRow.name))).all():
        row = session.get_one(KeptRow, name)
        yield name, row.files
        session.expunge(row)


def note_in_force(
    session: Session,
    config_sha256: str,
    models: Mapping[str, str],
    code: CodeVersion,
    now: datetime,
) -> bool:
    """Notes what judges from now on, with an audit row; False: the same did before."""
    newest = session.scalars(
        select(InForceRow).order_by(col(InForceRow.id).desc()).limit(1)
    ).first()
    fresh = InForceRow(
        since=now,
        config_sha256=config_sha256,
        models=dict(models),
        code_version=code.version,
        code_sha256=code.sha256,
    )
    if newest is not None and _same(newest, fresh):
        noted = _noted(session)
        if noted and _libraries_of(noted[-1]) == dict(code.libraries):
            return False
    session.add(fresh)
    detail = {
        "config": config_sha256,
        "models": dict(models),
        "code": code.version,
        "code_sha256": code.sha256,
        "libraries": dict(code.libraries),
    }
    append(session, [Entry(kind=IN_FORCE, actor=BOT.name, detail=detail)], now)
    return True


def in_force(session: Session, config_sha256: str, decision_id: int) -> InForce | None:
    """What judged with that configuration when this was decided; None where it was not noted.

    By the order of the log, not by times: a clock may have been set back in between. Notes are
    numbered like the audit rows that tell of them, as each is written with its own.
    """
    a = AuditRow
    of_decision = (col(a.row_table) == "decision", col(a.row_id) == str(decision_id))
    decided = session.scalar(select(func.min(col(a.seq))).where(*of_decision))
    if decided is None:
        return None
    noted = _noted(session, before=decided)
    numbers = (n for n, detail in enumerate(noted, 1) if detail.get("config") == config_sha256)
    number = max(numbers, default=0)
    row = session.get(InForceRow, number)
    if row is None:
        return None
    return InForce(
        since=row.since,
        config_sha256=row.config_sha256,
        models=row.models,
        code=CodeVersion(
            version=row.code_version,
            sha256=row.code_sha256,
            libraries=_libraries_of(noted[number - 1]),
        ),
    )


def _noted(session: Session, *, before: int | None = None) -> list[dict[str, object]]:
    """What the audit rows tell of what was in force, in order: all, or those before one."""
    a = AuditRow
    of_notes = (col(a.row_table) == "", col(a.row_id) == "", col(a.kind) == IN_FORCE)
    query = select(col(a.detail)).where(*of_notes).order_by(col(a.seq))
    if before is not None:
        query = query.where(col(a.seq) < before)
    return [read_detail(detail) for detail in session.scalars(query)]


def _libraries_of(detail: Mapping[str, object]) -> dict[str, str]:
    """None where they were not noted yet."""
    libraries = detail.get("libraries")
    return {str(k): str(v) for k, v in libraries.items()} if isinstance(libraries, dict) else {}


def _same(one: InForceRow, other: InForceRow) -> bool:
    return (one.config_sha256, one.models, one.code_sha256, one.code_version) == (
        other.config_sha256,
        other.models,
        other.code_sha256,
        other.code_version,
    )
