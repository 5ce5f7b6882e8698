"""The database tables. Times are aware UTC in the values and ISO-8601 text in the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, Column, Dialect, Index, LargeBinary, String, TypeDecorator, text
from sqlmodel import Field, SQLModel


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
    return Field(default_factory=default, sa_column=Column(JSON, nullable=False))


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


class PageStateRow(SQLModel, table=True):
    """Where polling of a page stands. Not evidence: no audit row covers it."""

    __tablename__ = "page_state"
    page_id: str = Field(primary_key=True, foreign_key="page.id")
    cursor: str | None = None
    last_poll_at: datetime | None = _time(default=None)
    last_success_at: datetime | None = _time(default=None)
    newest_post_at: datetime | None = _time(default=None)
    newest_comment_at: datetime | None = _time(default=None)
    rechecked_at: datetime | None = _time(default=None)
    not_before: datetime | None = _time(default=None)  # no call to the platform before this
    writes_not_before: datetime | None = _time(default=None)
    failures: int = 0  # in a row
    needs_login: bool = False
    last_error: str = ""
    usage: float | None = None


class PostRow(SQLModel, table=True):
    """What people comment on; its text is context for the judgement."""

    __tablename__ = "post"
    page_id: str = Field(primary_key=True, foreign_key="page.id")
    post_id: str = Field(primary_key=True)
    text: str = ""
    created_at: datetime = _time()


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
        Index("decision_by_page_verdict", "page_id", "verdict", "id"),
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


class DecisionCategoryRow(SQLModel, table=True):
    """One row for each category of a decision: the log's filter. Derived, not evidence.

    It repeats the decision's page and verdict so that each mix of filters is one index range."""

    __tablename__ = "decision_category"
    __table_args__ = (
        Index("category_newest", "category", "decision_id"),
        Index("category_by_page", "category", "page_id", "decision_id"),
        Index("category_by_verdict", "category", "verdict", "decision_id"),
        Index("category_by_page_verdict", "category", "page_id", "verdict", "decision_id"),
    )
    decision_id: int = Field(primary_key=True, foreign_key="decision.id")
    category: str = Field(primary_key=True)
    page_id: str
    verdict: str


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


class WaitingRow(SQLModel, table=True):
    """A comment that waits for a person, at its place in the queue. Derived from its newest
    decision (store/waiting.py says how), not evidence."""

    __tablename__ = "waiting"
    __table_args__ = (
        Index("waiting_worst_first", "level", "rank", "since", "comment_row", "page_id"),
        Index("waiting_by_category", "level", "category", "page_id"),
    )
    comment_row: int = Field(primary_key=True, foreign_key="comment.id")
    decision_id: int = Field(foreign_key="decision.id", unique=True)
    page_id: str
    category: str = ""  # the worst that was found; empty: none
    level: int = 0  # 0: for whoever reviews, 1: handed on to the administrators
    rank: int  # 0 is the worst
    since: datetime = _time()


class ClaimRow(SQLModel, table=True):
    """Who looks at a waiting comment right now, so that nobody else does. Not evidence."""

    __tablename__ = "claim"
    __table_args__ = (Index("claim_of_person", "person_id"),)
    comment_row: int = Field(primary_key=True, foreign_key="comment.id")
    person_id: int
    name: str
    until: datetime = _time()


class UndoRunRow(SQLModel, table=True):
    """What somebody takes back together: all that a rule, a model version or a person did."""

    __tablename__ = "undo_run"
    id: int | None = Field(default=None, primary_key=True)
    kind: str  # rule, model, person
    subject: str  # the rule's id, "model version", the person's name in the record
    since: datetime = _time()
    until: datetime = _time()
    through: int  # the newest decision that was there when it was looked at beforehand
    pages: list[str] = _json(list)  # ids: only comments on these
    others_too: bool = False  # also where something else would have hidden the comment
    reason: str
    set_sha256: str  # over the decisions, in order
    state: str = "running"  # running, paused, stopped, done
    made_by: str
    made_at: datetime = _time()
    ended_at: datetime | None = _time(default=None)


class UndoItemRow(SQLModel, table=True):
    """One comment of a run. Its receipt is `outcome`, and the action of `made_decision`."""

    __tablename__ = "undo_item"
    __table_args__ = (
        Index("undo_item_of_run", "run_id", "comment_row", unique=True),
        Index("undo_item_open", "run_id", "outcome", "page_id", "calls", "id"),
    )
    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="undo_run.id")
    comment_row: int = Field(foreign_key="comment.id", index=True)
    decision_id: int = Field(foreign_key="decision.id")  # whose effect is taken back
    page_id: str
    calls: bool  # the platform has to be asked, as far as could be told beforehand
    outcome: str = ""  # empty: its turn has not come
    made_decision: int | None = Field(default=None, foreign_key="decision.id")
    ended_at: datetime | None = _time(default=None)


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


class ServiceRow(SQLModel, table=True):
    """Signs of life of the running service, for the probes. One row."""

    __tablename__ = "service"
    id: int = Field(default=1, primary_key=True)
    ticked_at: datetime | None = _time(default=None)
    config_sha256: str = ""
    config_error: str = ""


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
