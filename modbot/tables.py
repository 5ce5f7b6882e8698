"""The database tables. Times are aware UTC in the values and ISO-8601 text in the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    Dialect,
    Index,
    LargeBinary,
    String,
    TypeDecorator,
    text,
)
from sqlmodel import Field, SQLModel

from modbot.dialects import StoredJson


class UtcTime(TypeDecorator[datetime]):
    """Aware UTC datetimes as fixed-width ISO text, so that text order is time order."""

    impl = String(32)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a zone")
        return value.astimezone(UTC).isoformat(timespec="microseconds")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else datetime.fromisoformat(value)


def _time(**kwargs: Any) -> Any:
    return Field(sa_type=UtcTime, **kwargs)


def _json(default: Any) -> Any:
    return Field(default_factory=default, sa_column=Column(StoredJson, nullable=False))


class PageRow(SQLModel, table=True):
    """The registry: an account that the district registered."""

    __tablename__ = "page"
    id: str = Field(primary_key=True)  # "platform:external_id"
    platform: str
    external_id: str
    name: str
    handle: str = ""
    base_url: str = ""
    token_ref: str = ""  # "env:NAME" | "file:PATH"
    mode: str = "observe"
    paused: bool = False
    district_owned: bool = True
    government_use: str = ""  # X: what the vendor answered, and who says so
    registered_by: str = ""
    registered_at: datetime = _time()
    school: str = ""  # or department
    purpose: str = ""
    manager: str = ""  # who answers for the page day by day
    administrator: str = ""  # who is in charge of it
    contact: str = ""  # how to reach them


class RegistrationRow(SQLModel, table=True):
    """A page that a member of staff asks to have registered, and what became of that."""

    __tablename__ = "registration"
    __table_args__ = (Index("registration_waiting", "state", "id"),)
    id: int | None = Field(default=None, primary_key=True)
    state: str = "waiting"  # waiting | approved | refused
    platform: str
    external_id: str = ""  # the account's id at the vendor; certain once it is approved
    name: str
    handle: str = ""
    address: str = ""  # of the page, or of the site or feed that is read
    school: str
    purpose: str
    manager: str
    administrator: str
    contact: str
    government_use: str = ""
    asked_by: str
    asked_by_id: int  # of the person
    asked_at: datetime = _time()
    answered_by: str = ""
    answered_at: datetime | None = _time(default=None)
    answer: str = ""  # why it was refused
    page_id: str = ""  # once it is approved


class PageStateRow(SQLModel, table=True):
    """Where polling of a page stands. Not evidence: no audit row covers it."""

    __tablename__ = "page_state"
    __table_args__ = (Index("pages_of_budget", "budget_key"),)
    page_id: str = Field(primary_key=True, foreign_key="page.id")
    cursor: str | None = None
    last_poll_at: datetime | None = _time(default=None)
    last_success_at: datetime | None = _time(default=None)
    newest_post_at: datetime | None = _time(default=None)
    newest_comment_at: datetime | None = _time(default=None)
    rechecked_at: datetime | None = _time(default=None)
    swept_at: datetime | None = _time(default=None)  # the past was last looked through
    not_before: datetime | None = _time(default=None)  # no call to the platform before this
    writes_not_before: datetime | None = _time(default=None)
    failures: int = 0  # in a row
    needs_login: bool = False
    token_ends: str = Field(
        default="", sa_column_kwargs={"server_default": ""}
    )  # a day, or nothing
    last_error: str = ""
    usage: float | None = None
    budget_key: str = ""  # of the rate budget that its credential shares; empty: never polled
    budget_scope: str = ""  # the page's own part of it


class BudgetRow(SQLModel, table=True):
    """What a rate budget last kept of itself. Not evidence."""

    __tablename__ = "rate_budget"
    key: str = Field(primary_key=True)
    standing: dict[str, Any] = _json(dict)


class BudgetCountRow(SQLModel, table=True):
    """What was taken of one allowance in one period, in its smallest unit."""

    __tablename__ = "budget_count"
    key: str = Field(primary_key=True)
    counter: str = Field(primary_key=True)  # "units a day 2026-11-27"
    amount: int = Field(sa_type=BigInteger)


class PostRow(SQLModel, table=True):
    """What people comment on; its text is context for the judgement."""

    __tablename__ = "post"
    page_id: str = Field(primary_key=True, foreign_key="page.id")
    post_id: str = Field(primary_key=True)
    text: str = ""
    created_at: datetime = _time()


class PostTextRow(SQLModel, table=True):
    """Each text that a post has had, since a comment is judged under the one of its time."""

    __tablename__ = "post_text"
    __table_args__ = (Index("texts_of_post", "page_id", "post_id", "seen_at"),)
    id: int | None = Field(default=None, primary_key=True)
    page_id: str = Field(foreign_key="page.id")
    post_id: str
    text: str
    seen_at: datetime = _time()


class FundraiserRow(SQLModel, table=True):
    """A sale that the superintendent, a school leader or designee approved."""

    __tablename__ = "fundraiser"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    details: str = ""
    approved_by: str
    approver_role: str = ""  # superintendent, principal, designee ...
    approved_at: datetime = _time()
    links: list[str] = _json(list)
    accounts: list[str] = _json(list)  # payment handles, phone numbers, e-mail addresses
    starts_at: datetime | None = _time(default=None)
    ends_at: datetime | None = _time(default=None)


class FundraiserRequestRow(SQLModel, table=True):
    """A sale that somebody asks to have approved, and what became of that."""

    __tablename__ = "fundraiser_request"
    __table_args__ = (
        Index("fundraiser_request_waiting", "state", "id"),
        Index("fundraiser_request_of", "fundraiser_id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    state: str = "waiting"  # waiting | approved | refused
    name: str
    purpose: str
    school: str
    beneficiary: str  # who gets the money
    links: list[str] = _json(list)
    accounts: list[str] = _json(list)
    starts_at: datetime | None = _time(default=None)
    ends_at: datetime | None = _time(default=None)
    asked_by: str
    asked_by_id: int  # of the person
    asked_at: datetime = _time()
    answered_by: str = ""
    answer_role: str = ""  # superintendent, school leader, designee
    answered_at: datetime | None = _time(default=None)
    answer: str = ""  # why it was refused
    fundraiser_id: int | None = None  # once it is approved


class CommentRow(SQLModel, table=True):
    """A comment as a thing on a page; its texts are its versions."""

    __tablename__ = "comment"
    __table_args__ = (
        Index("comment_by_vendor_id", "page_id", "comment_id", unique=True),
        Index("comment_by_post", "page_id", "post_id", "created_at"),
        Index("comment_by_time", "page_id", "created_at"),
        Index(
            *("comment_by_parent", "page_id", "parent_id", "created_at"),
            sqlite_where=text("parent_id IS NOT NULL"),
        ),
        Index("comment_by_author", "author_id", "id", sqlite_where=text("author_id IS NOT NULL")),
    )
    id: int | None = Field(default=None, primary_key=True)
    page_id: str = Field(foreign_key="page.id")
    platform: str
    comment_id: str  # the vendor's
    post_id: str
    parent_id: str | None = None
    author_id: str | None = None
    author_name: str | None = None
    permalink: str | None = None
    created_at: datetime = _time()
    first_seen_at: datetime = _time()
    gone_at: datetime | None = _time(default=None)
    hidden: bool | None = None  # as the platform last said, or as we last made it
    versions: int = 1
    by_page: bool = False


class VersionRow(SQLModel, table=True):
    """One text of a comment: the unit that is judged and acted on."""

    __tablename__ = "version"
    __table_args__ = (Index("version_of_comment", "comment_row", "number", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    comment_row: int = Field(foreign_key="comment.id")
    number: int  # 1, 2, ...
    text: str  # NUL and lone surrogates shown as \\u0000, \\ud800
    escaped: bool = False  # whether any were
    text_sha256: str  # over the text as sent
    raw: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # zlib, vendor's bytes
    raw_sha256: str
    seen_at: datetime = _time()


class DecisionRow(SQLModel, table=True):
    """A verdict on a version, by the bot or a person, with all that explains it."""

    __tablename__ = "decision"
    __table_args__ = (
        Index("decision_of_version", "version_id"),
        Index("decision_by_page", "page_id", "id"),
        Index("decision_by_verdict", "verdict", "id"),
        Index("decision_by_time", "decided_at", "page_id", "verdict"),
    )
    id: int | None = Field(default=None, primary_key=True)
    # "bot:VERSION": judged once; "person:UUID", with ":back:DECISION" where one is taken back.
    key: str = Field(unique=True)
    version_id: int = Field(foreign_key="version.id")
    comment_row: int = Field(foreign_key="comment.id", index=True)
    page_id: str = Field(foreign_key="page.id")
    verdict: str
    hide: bool
    categories: list[str] = _json(list)
    signals: list[dict[str, Any]] = _json(list)
    clause: str = ""
    thresholds: dict[str, float] = _json(dict)
    degraded: list[str] = _json(list)
    reason: str = ""
    mode: str  # the page's mode at that time
    models: dict[str, str] = _json(dict)  # classifier name -> version
    config_sha256: str = ""
    actor_kind: str = "bot"
    actor: str = "modbot"
    decided_at: datetime = _time()


class LogNameRow(SQLModel, table=True):
    """The values of the log's columns, each with a short number. Derived, not evidence."""

    __tablename__ = "log_name"
    __table_args__ = (Index("log_name_once", "kind", "name", unique=True),)
    id: int | None = Field(default=None, primary_key=True)
    kind: str  # "page", "verdict", "language", "actor", "found"
    name: str


class LogLineRow(SQLModel, table=True):
    """A decision as the log's filters see it: numbers of log_name. Derived, not evidence.

    The words of its text are in `log_text` (FTS5) under the same number."""

    __tablename__ = "log_line"
    decision_id: int = Field(primary_key=True)
    page: int
    verdict: int
    language: int  # of the text: modbot/spoken_language.py
    actor: int
    found: int  # its categories, classifiers and rules as one value
    decided_at: int  # seconds since 1970


class ActionRow(SQLModel, table=True):
    """Something asked of a platform, written before it is asked."""

    __tablename__ = "action"
    __table_args__ = (
        Index("action_open", "state", "next_try_at", sqlite_where=text("state = 'requested'")),
        Index("action_by_page", "page_id", "kind", "requested_at"),
        Index("action_of_comment", "comment_row"),
    )
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)  # kind:page:comment:version number:decision id
    decision_id: int = Field(foreign_key="decision.id", index=True)
    version_id: int = Field(foreign_key="version.id")
    comment_row: int = Field(foreign_key="comment.id")
    page_id: str = Field(foreign_key="page.id")
    kind: str
    state: str = "requested"
    attempts: int = 0
    requested_at: datetime = _time()
    next_try_at: datetime = _time()
    finished_at: datetime | None = _time(default=None)
    answer: str = ""  # the platform's, in short


class AuditRow(SQLModel, table=True):
    """The append-only chain. Triggers refuse UPDATE and DELETE.
    AUTOINCREMENT makes SQLite remember the highest `seq` apart from the rows."""

    __tablename__ = "audit"
    __table_args__ = (
        Index("audit_of_row", "row_table", "row_id"),
        {"sqlite_autoincrement": True},
    )
    seq: int = Field(primary_key=True)
    at: datetime = _time()
    kind: str  # "comment.seen", "decision.made", "action.requested", "page.mode", ...
    actor: str
    row_table: str = ""  # the row that this one vouches for
    row_id: str = ""
    row_sha256: str = ""  # SHA-256 over that row's evidence fields, as canonical JSON
    detail: str = "{}"  # canonical JSON, no comment text
    prev: str
    hash: str


class KeptRow(SQLModel, table=True):
    """Files that judged comments, each set once: a configuration, a model's weights."""

    __tablename__ = "kept"
    name: str = Field(primary_key=True)  # "config SHA256" | "CLASSIFIER VERSION"
    sha256: str  # over `files`
    files: bytes = Field(sa_column=Column(LargeBinary, nullable=False))  # a ZIP archive
    kept_at: datetime = _time()


class InForceRow(SQLModel, table=True):
    """What judged from a time on: the configuration, the models, and the code that ran them."""

    __tablename__ = "in_force"
    id: int | None = Field(default=None, primary_key=True)
    since: datetime = _time()
    config_sha256: str
    models: dict[str, str] = _json(dict)  # classifier name -> version
    code_version: str
    code_sha256: str  # over the source files that judge


class ServiceRow(SQLModel, table=True):
    """Signs of life of the running service, for the probes. One row."""

    __tablename__ = "service"
    id: int = Field(default=1, primary_key=True)
    ticked_at: datetime | None = _time(default=None)
    config_sha256: str = ""
    config_error: str = ""
