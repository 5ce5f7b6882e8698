"""Checkpoints, backups and the people who are told: what leaves this machine."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from modbot import store
from modbot.checkpoints import Mailbox, SigningKey
from modbot.doctor.findings import Finding, ago, broken, doubtful, well
from modbot.errors import BadConfig, DeliveryFailed
from modbot.settings import Settings
from modbot.settings.sections import CheckpointsSection
from modbot.store import Database

MAIL_SECONDS = 20.0
OLD_BACKUP = timedelta(days=8)  # a weekly one and a day


def checkpoints(
    database: Database, section: CheckpointsSection, environ: Mapping[str, str], now: datetime
) -> Finding:
    """Whether signed checkpoints are made and get out."""
    if not section.key:
        advice = "modbot checkpoint keygen FILE; without any a forged log cannot be told"
        return doubtful("checkpoints", "no key is configured, none are made", advice)
    try:
        SigningKey.read(section.key, environ)
    except BadConfig as error:
        return broken("checkpoints", str(error), "restore the key, or make and publish a new one")
    if not (section.folders or section.git_remotes or section.mail_to):
        advice = (
            "name a folder, git remote or mailbox that this machine's administrator cannot change"
        )
        return doubtful("checkpoints", "they stay on this machine", advice)
    with database.read() as s:
        newest = store.newest_checkpoint(s)
    if newest is None:
        return doubtful("checkpoints", "none was made yet", "modbot checkpoint make")
    age = now - newest.made_at
    said = f"newest made {ago(age)} ago, of row {newest.seq}"
    if age > 2 * timedelta(hours=section.every_hours):
        return broken("checkpoints", said, "modbot checkpoint make says what is in the way")
    if failing := sorted(to for to, error in newest.outcomes.items() if error):
        advice = "modbot checkpoint make tries again and says why"
        return broken("checkpoints", f"{said}; did not get to {', '.join(failing)}", advice)
    return well("checkpoints", said)


def backups(database: Database, now: datetime) -> Finding:
    """Whether there is a fresh backup by `modbot backup`."""
    with database.read() as s:
        newest = store.newest_backup(s)
    advice = "modbot backup FILE, every night, to another machine"
    if newest is None:
        return doubtful("backup", "the log knows of none", advice)
    said = f"newest {ago(now - newest.made_at)} ago: {newest.file}"
    if now - newest.made_at > OLD_BACKUP:
        return doubtful("backup", said, advice)
    return well("backup", said)


def mail(section: CheckpointsSection, environ: Mapping[str, str], *, online: bool) -> Finding:
    """Whether the server that mails checkpoints lets modbot in; nothing is sent."""
    if not section.mail_to:
        return well("mail", "no checkpoint goes by mail; for that of alerts: modbot alerts test")
    server = f"{section.smtp_host}:{section.smtp_port}"
    if not online:
        return well("mail", f"to {', '.join(section.mail_to)} by {server}; --online asks it")
    try:
        Mailbox(section, environ, deadline_seconds=MAIL_SECONDS).try_server()
    except (DeliveryFailed, BadConfig) as error:
        advice = "look at [checkpoints] smtp_*, the network and the firewall"
        return broken("mail", str(error), advice)
    return well("mail", f"{server} lets modbot in; nothing was sent")


def alerts(settings: Settings, failing: Mapping[str, str]) -> Finding:
    """Whether alerts go to a person, and get there; nothing is sent."""
    named = sorted(settings.alerts.destinations)
    if why := [f"{name}: {failing[name]}" for name in named if name in failing]:
        said = "; ".join(why)
        return broken("alerts", f"the last did not get to {said}", "modbot alerts test")
    if not named:
        advice = "name somebody in modbot.toml, or watch the log for events called alert"
        return doubtful("alerts", "they go to the log only", advice)
    return well("alerts", f"{len(named)} destinations: {', '.join(named)}")
