"""The tables of the people who use modbot, and of how they sign in. Not evidence: audit rows tell
each change and each sign-in."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, Index
from sqlmodel import Field, SQLModel

from modbot.dialects import StoredJson
from modbot.tables import UtcTime


def _time(**kwargs: Any) -> Any:
    return Field(sa_type=UtcTime, **kwargs)


def _json(default: Any) -> Any:
    return Field(default_factory=default, sa_column=Column(StoredJson, nullable=False))


class PersonRow(SQLModel, table=True):
    """Somebody who may sign in. Never deleted: the record names them."""

    __tablename__ = "person"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    email: str = Field(unique=True)  # lower case
    role: str  # viewer, manager, admin, auditor
    approver: bool = False  # named by an admin as one who approves fundraisers
    all_pages: bool = True
    pages: list[str] = _json(list)  # ids; what counts unless all_pages
    language: str = ""  # empty: the browser's
    theme: str = "auto"
    password_hash: str = ""  # argon2id; empty: signs in with a provider only
    added_at: datetime = _time()
    disabled_at: datetime | None = _time(default=None)


class IdentityRow(SQLModel, table=True):
    """Who a person is to a sign-in provider: the pair never changes, an address may."""

    __tablename__ = "identity"
    issuer: str = Field(primary_key=True)
    subject: str = Field(primary_key=True)
    person_id: int = Field(foreign_key="person.id", index=True)
    added_at: datetime = _time()


class SessionRow(SQLModel, table=True):
    """Somebody signed in, on one browser; deleted when it ends."""

    __tablename__ = "session"
    id_sha256: str = Field(primary_key=True)  # of the random id in the cookie
    person_id: int = Field(foreign_key="person.id", index=True)
    how: str  # password, invitation, demo, or the provider's name
    network: str = ""  # the client's address without its last part
    device: str = ""  # browser and system in two words
    began_at: datetime = _time()
    seen_at: datetime = _time()


class InvitationRow(SQLModel, table=True):
    """A link that works once; deleted when it was used."""

    __tablename__ = "invitation"
    token_sha256: str = Field(primary_key=True)
    kind: str  # first: makes the first admin; invited: a new person; password: sets a new one
    email: str = ""  # lower case; whoever signs in with it through a provider needs no link
    person_id: int | None = Field(default=None, foreign_key="person.id")
    role: str = "viewer"
    approver: bool = False
    all_pages: bool = True
    pages: list[str] = _json(list)
    made_by: str = ""
    made_at: datetime = _time()
    ends_at: datetime = _time()


class AttemptRow(SQLModel, table=True):
    """A try to sign in that failed; deleted once it no longer counts."""

    __tablename__ = "attempt"
    __table_args__ = (Index("attempt_by_key", "key", "at"),)
    id: int | None = Field(default=None, primary_key=True)
    key: str  # SHA-256 of an address, or of an address and an account
    at: datetime = _time()


class SignInFlowRow(SQLModel, table=True):
    """Somebody on the way to a sign-in provider and back; deleted on return."""

    __tablename__ = "sign_in_flow"
    state_sha256: str = Field(primary_key=True)
    provider: str
    browser_sha256: str  # of the cookie that it was begun with
    nonce: str
    verifier: str  # of PKCE
    next_path: str = ""
    ends_at: datetime = _time()
