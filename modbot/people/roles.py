"""What each role may do."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    """What a person is here."""

    VIEWER = "viewer"
    MANAGER = "manager"
    ADMIN = "admin"
    AUDITOR = "auditor"


class Right(StrEnum):
    """What a route may ask for."""

    READ = "read"  # the log, decisions, pages, fundraisers
    DECIDE = "decide"  # one comment, or several of the queue
    UNDO_MANY = "undo_many"  # what a rule, a model or a person did
    REQUEST = "request"  # register a page, ask for a fundraiser: everyone signed in
    APPROVE = "approve"  # a fundraiser: admins, and whoever an admin named an approver
    PAGES = "pages"  # approve a registered page, its mode, its pause
    PEOPLE = "people"
    EXPORT = "export"
    ACKNOWLEDGE = "acknowledge"  # an alert
    AUDIT = "audit"  # the audit chain, and who did what


_READING = frozenset({Right.READ, Right.REQUEST})
_RIGHTS = {
    Role.VIEWER: _READING,
    Role.MANAGER: _READING | {Right.DECIDE, Right.UNDO_MANY, Right.EXPORT, Right.ACKNOWLEDGE},
    Role.ADMIN: frozenset(Right),
    Role.AUDITOR: _READING | {Right.EXPORT, Right.AUDIT},
}


def rights_of(role: Role) -> frozenset[Right]:
    """Everything that a role may do."""
    return _RIGHTS[role]
