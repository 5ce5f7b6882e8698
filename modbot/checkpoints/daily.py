"""Makes checkpoints when they are due and brings them to every configured place.

What was made and where it went is in the log itself, so a restart forgets nothing. A newer
checkpoint covers all that an older one did: only the newest is brought anywhere.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog

from modbot import audit, store
from modbot.alerts import Alert, Alerter
from modbot.checkpoints.delivery import Destination, destinations
from modbot.checkpoints.signed import Checkpoint, SigningKey, parse, sign
from modbot.domain import BOT
from modbot.errors import BadConfig, CheckpointRefused, DeliveryFailed, ModbotError
from modbot.ports import Clock
from modbot.settings.sections import CheckpointsSection
from modbot.store import Database

_log = structlog.get_logger("modbot.checkpoints")

UNSOUND, RECORD = "record_unsound", "record"  # the kind of alert, and what stands for its page


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a delivery ended."""

    to: str
    error: str  # "" when it is there


class Checkpoints:
    """The checkpoints of one database, kept beside it in the folder `checkpoints`."""

    def __init__(
        self,
        database: Database,
        section: CheckpointsSection,
        *,
        clock: Clock,
        environ: Mapping[str, str],
        alerter: Alerter,
    ) -> None:
        self._database, self._section = database, section
        self._clock, self._environ, self._alerter = clock, environ, alerter
        self.folder: Path = database.path.parent / "checkpoints"

    def keep(self) -> list[Outcome]:
        """Makes one if it is due and the record is sound, and brings the newest where it is not
        yet. Never raises ModbotError: what fails is alerted and tried again at the next call."""
        if not self._section.key:
            return []
        try:
            if self._due() and self._is_sound():
                self.make(BOT.name)
            outcomes = self.deliver()
        except ModbotError as error:
            self._alert("key" if isinstance(error, BadConfig) else "making", str(error))
            return []
        for what in ("key", "making"):
            self._alerter.over("checkpoint_failed", what)
        return outcomes

    def _due(self) -> bool:
        with self._database.read() as s:
            newest = store.newest_checkpoint(s)
        wait = timedelta(hours=self._section.every_hours)
        # Made later than now: the clock was set back.
        return newest is None or not newest.made_at <= self._clock.now() < newest.made_at + wait

    def _is_sound(self) -> bool:
        """Whether the whole record is as it was written: nothing else is signed unasked."""
        report = audit.verify(self._database)
        if report.ok:
            self._alerter.over(UNSOUND, RECORD)
            return True
        first = report.problems[0]
        detail = f"{first.kind} of {first.table} {first.id}; nothing is signed until it is mended"
        self._alerter.send(Alert(kind=UNSOUND, page_id=RECORD, detail=detail))
        return False

    def make(self, actor: str) -> Checkpoint:
        """Signs the head as it is now, sound or not. Raises BadConfig without a usable key."""
        if not self._section.key:
            advice = "make one with `modbot checkpoint keygen FILE`"
            raise BadConfig(f"names no key; {advice}", key="checkpoints.key")
        key = SigningKey.read(self._section.key, self._environ)
        with self._database.read() as s:  # one state of the data for head and counts
            made = sign(key, audit.head(s), store.count_record(s), self._clock.now())
        data = made.to_bytes()
        self._keep_file(made.file_name, data)
        entry = audit.Entry(
            kind="checkpoint.made",
            actor=actor,
            row_table="checkpoint",
            row_id=str(made.seq),
            row_sha256=hashlib.sha256(data).hexdigest(),
            detail={"hash": made.hash, "fingerprint": made.fingerprint},
        )
        with self._database.write() as s:
            audit.append(s, [entry], self._clock.now())
        _log.info("checkpoint_made", seq=made.seq, fingerprint=made.fingerprint)
        return made

    def _keep_file(self, name: str, data: bytes) -> None:
        partial = self.folder / f".{name}.partial"
        try:
            self.folder.mkdir(mode=0o700, exist_ok=True)
            with partial.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            partial.replace(self.folder / name)
        except OSError as error:
            raise DeliveryFailed(
                f"{self.folder / name} cannot be written ({error.strerror})"
            ) from None

    def deliver(self) -> list[Outcome]:
        """Brings the newest checkpoint to each place where it is not; how each try ended."""
        with self._database.read() as s:
            newest = store.newest_checkpoint(s)
        if newest is None:
            return []
        places = destinations(self._section, self.folder, self._environ)
        missing = [place for place in places if newest.outcomes.get(place.name) != ""]
        if not missing:
            return []
        kept = self._kept(newest.seq)
        return [self._deliver(place, kept, newest.outcomes.get(place.name)) for place in missing]

    def _kept(self, seq: int) -> Checkpoint:
        path = self.folder / f"checkpoint-{seq:012d}.json"
        try:
            return parse(path.read_bytes(), str(path))
        except OSError as error:
            advice = "make another with `modbot checkpoint make`"
            raise CheckpointRefused(
                f"{path}: cannot be read ({error.strerror}); {advice}"
            ) from None

    def _deliver(self, place: Destination, made: Checkpoint, before: str | None) -> Outcome:
        try:
            place.deliver(made)
            error = ""
        except ModbotError as failure:
            error = str(failure)
        if error != before:  # the same failure again is no news for the log
            self._note(place.name, made, error)
        if error:
            self._alert(place.name, error)
        else:
            self._alerter.over("checkpoint_failed", place.name)
        return Outcome(to=place.name, error=error)

    def _note(self, to: str, made: Checkpoint, error: str) -> None:
        entry = audit.Entry(
            kind="checkpoint.failed" if error else "checkpoint.delivered",
            actor=BOT.name,
            row_table="checkpoint",
            row_id=str(made.seq),
            detail={"to": to, **({"error": error} if error else {})},
        )
        with self._database.write() as s:
            audit.append(s, [entry], self._clock.now())
        _log.info("checkpoint_delivery", seq=made.seq, to=to, error=error)

    def _alert(self, what: str, detail: str) -> None:
        self._alerter.send(Alert(kind="checkpoint_failed", page_id=what, detail=detail))
