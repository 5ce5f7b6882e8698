"""The words of the log's texts as each database keeps them: FTS5, or a `tsvector` under GIN.

Both hold the words that modbot/store/text_search.py makes, so both find the same decisions.
PostgreSQL's own parser is not asked: it knows addresses and hyphens, FTS5 does not. In PostgreSQL
words after the 16,383rd of a text stand side by side for quotes, and a word counts 256 times.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from modbot.dialects import is_postgres
from modbot.store.text_search import Phrase, folded, match_string, words_of

LONGEST_WORD = 500  # characters; a lexeme of PostgreSQL has 2 kB, a query 200 characters
LAST_PLACE = 16_383  # of a word in a tsvector

FTS5 = (
    # Accents are folded before, all but that of ñ. Prefixes: those many words begin with.
    "CREATE VIRTUAL TABLE log_text USING fts5(words, content='', columnsize=0, "
    "prefix='2 3', tokenize='unicode61 remove_diacritics 0')"
)
TSVECTOR = (
    "CREATE TABLE log_text (decision_id BIGINT PRIMARY KEY, words tsvector NOT NULL)",
    "CREATE INDEX log_text_words ON log_text USING gin (words)",
)
# One text in each: made without Python, which would need longer for the numbers.
_FTS5_HITS = (
    "SELECT group_concat(rowid, ' ') FROM (SELECT rowid FROM log_text "
    "WHERE log_text MATCH ? AND rowid BETWEEN ? AND ?)"
)
_TSVECTOR_HITS = (
    "SELECT string_agg(CAST(decision_id AS text), ' ') FROM log_text "
    "WHERE words @@ CAST(? AS tsquery) AND decision_id BETWEEN ? AND ?"
)


def write_words(connection: Connection, texts: Iterable[tuple[int, str]]) -> None:
    """Indexes texts by their decisions' ids."""
    if is_postgres(connection):
        rows = [(number, _tsvector(words_of(text))) for number, text in texts]
        statement = "INSERT INTO log_text (decision_id, words) VALUES (?, CAST(? AS tsvector))"
    else:
        rows = [(number, folded(text)) for number, text in texts]
        statement = "INSERT INTO log_text (rowid, words) VALUES (?, ?)"
    connection.exec_driver_sql(statement, rows)


def hits(connection: Connection, phrases: Sequence[Phrase], first: int, last: int) -> str:
    """Ids of the decisions from `first` to `last` whose texts have all phrases, with spaces
    between, in any order."""
    if is_postgres(connection):
        asked: tuple[object, ...] = (_tsquery(phrases), first, last)
        found = connection.exec_driver_sql(_TSVECTOR_HITS, asked).scalar()
    else:
        asked = (match_string(tuple(phrases)), first, last)
        found = connection.exec_driver_sql(_FTS5_HITS, asked).scalar()
    return found or ""


def _tsvector(words: Sequence[str]) -> str:
    """Words are letters and digits alone, so that quotes are all it takes."""
    return " ".join(
        f"'{word[:LONGEST_WORD]}':{min(place, LAST_PLACE)}" for place, word in enumerate(words, 1)
    )


def _tsquery(phrases: Sequence[Phrase]) -> str:
    """Words in quotes, side by side; the last with a star where it may go on."""
    return " & ".join(
        f"({' <-> '.join(map(repr, phrase.words))}{':*' if phrase.prefix else ''})"
        for phrase in phrases
    )
