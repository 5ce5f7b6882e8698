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
from modbot.store.database import Database, lock_data
from modbot.store.decisions import record_followup, record_person_decision
from modbot.store.log_choice import Choice, Counted, LogSearch, decision_log
from modbot.store.log_columns import LogColumns
from modbot.store.log_lines import read_found
from modbot.store.log_queries import (
    LogEntry,
    LoggedAudit,
    LoggedVersion,
    audit_of,
    decision,
    entries,
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
from modbot.store.text_search import Phrase, read_query

__all__ = [
    "ALREADY_SO",
    "ActionContext",
    "Choice",
    "Counted",
    "Database",
    "Judged",
    "Known",
    "LogColumns",
    "LogEntry",
    "LogSearch",
    "LoggedAudit",
    "LoggedVersion",
    "MadeCheckpoint",
    "PastDecision",
    "PastText",
    "Phrase",
    "Recorded",
    "approved_fundraisers",
    "asked_to_hide",
    "audit_of",
    "comment_texts",
    "count_past",
    "count_record",
    "decision",
    "decision_log",
    "due_actions",
    "entries",
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
    "newest_checkpoint",
    "newest_decisions",
    "page",
    "page_state",
    "pages",
    "past_texts",
    "post_texts",
    "read_found",
    "read_query",
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
    "tick",
    "verdicts_after",
    "versions_of",
]
