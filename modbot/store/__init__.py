"""All queries of the database, by name. Every function takes the caller's session."""

from modbot.store.actions import (
    ALREADY_SO,
    ActionContext,
    asked_to_hide,
    due_actions,
    finish_action,
    hides_requested_since,
    missed_hide,
    retry_action,
)
from modbot.store.backups import MadeBackup, backup_entry, newest_backup
from modbot.store.checkpoints import MadeCheckpoint, count_record, newest_checkpoint
from modbot.store.comments import (
    Known,
    comment_texts,
    known,
    mark_gone,
    mark_hidden_state,
    missing,
    recheck_ids,
)
from modbot.store.counts import verdicts_after
from modbot.store.database import (
    Database,
    lock_data,
    read_only_address,
    sqlite_module,
    wal_is_safe,
)
from modbot.store.decisions import record_followup, record_person_decision
from modbot.store.log_queries import (
    LogEntry,
    LoggedAudit,
    LoggedVersion,
    audit_of,
    decision,
    decision_log,
    history,
    newest_decisions,
    versions_of,
)
from modbot.store.pages import (
    approved_fundraisers,
    fundraiser_of,
    page,
    page_state,
    pages,
    post_texts,
    record_posts,
    save_page_state,
)
from modbot.store.past import (
    PastDecision,
    PastText,
    count_past,
    past_texts,
    reviewed_texts,
)
from modbot.store.record import Judged, Recorded, record_judged
from modbot.store.record_lines import record_lines
from modbot.store.service_state import service_row, tick

__all__ = [
    "ALREADY_SO",
    "ActionContext",
    "Database",
    "Judged",
    "Known",
    "LogEntry",
    "LoggedAudit",
    "LoggedVersion",
    "MadeBackup",
    "MadeCheckpoint",
    "PastDecision",
    "PastText",
    "Recorded",
    "approved_fundraisers",
    "asked_to_hide",
    "audit_of",
    "backup_entry",
    "comment_texts",
    "count_past",
    "count_record",
    "decision",
    "decision_log",
    "due_actions",
    "finish_action",
    "fundraiser_of",
    "hides_requested_since",
    "history",
    "known",
    "lock_data",
    "mark_gone",
    "mark_hidden_state",
    "missed_hide",
    "missing",
    "newest_backup",
    "newest_checkpoint",
    "newest_decisions",
    "page",
    "page_state",
    "pages",
    "past_texts",
    "post_texts",
    "read_only_address",
    "recheck_ids",
    "record_followup",
    "record_judged",
    "record_lines",
    "record_person_decision",
    "record_posts",
    "retry_action",
    "reviewed_texts",
    "save_page_state",
    "service_row",
    "sqlite_module",
    "tick",
    "verdicts_after",
    "versions_of",
    "wal_is_safe",
]
