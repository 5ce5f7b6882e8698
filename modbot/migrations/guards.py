"""The triggers that refuse changes, and what else a revision has to say for both databases."""

from __future__ import annotations

from sqlalchemy import Connection

from modbot.dialects import is_postgres

REFUSE = """
CREATE FUNCTION modbot_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'restrict_violation';
END $$"""
# The rows of one statement come right after the last; what is remembered of the log's length apart
# from its rows. Its row lock makes appends wait for each other whoever makes them. The service's
# role may not touch it: only this function may, which runs as its owner.
LENGTH = """
CREATE FUNCTION modbot_audit_gap() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE first bigint; newest bigint; number bigint; known bigint;
BEGIN
  SELECT min(seq), max(seq), count(*) INTO first, newest, number FROM added;
  IF number = 0 THEN RETURN NULL; END IF;
  SELECT seq INTO STRICT known FROM audit_length FOR UPDATE;
  IF first <> known + 1 OR newest - known <> number THEN
    RAISE EXCEPTION 'the chain grows by one at its end' USING ERRCODE = 'restrict_violation';
  END IF;
  UPDATE audit_length SET seq = newest;
  RETURN NULL;
END $$"""
_LENGTH_PARTS = (
    "CREATE TABLE audit_length (one boolean PRIMARY KEY DEFAULT true CHECK (one), "
    "seq bigint NOT NULL)",
    "INSERT INTO audit_length (seq) VALUES (0)",
    LENGTH,
    "CREATE TRIGGER audit_gap AFTER INSERT ON audit REFERENCING NEW TABLE AS added "
    "FOR EACH STATEMENT EXECUTE FUNCTION modbot_audit_gap()",
)


def refuse(connection: Connection, name: str, event: str, message: str, *, when: str = "") -> None:
    """Makes the trigger `name`, which refuses an event such as "DELETE ON comment" with a message.
    `when` is a condition about OLD and NEW. Each also goes into audit/verification.py GUARDS."""
    if is_postgres(connection):
        condition = f" WHEN ({when})" if when else ""
        run = f"EXECUTE FUNCTION modbot_refuse('{message}')"
    else:
        condition = f" WHEN {when}" if when else ""
        run = f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    connection.exec_driver_sql(
        f"CREATE TRIGGER {name} BEFORE {event} FOR EACH ROW{condition} {run}"
    )


def keep_length(connection: Connection) -> None:
    """PostgreSQL: the log grows by one at its end, and its length is kept apart from its rows."""
    for statement in _LENGTH_PARTS:
        connection.exec_driver_sql(statement)


def may_hold_rows(connection: Connection) -> bool:
    """Whether a database at one of the first ten revisions may hold rows to be carried over: those
    on PostgreSQL began later."""
    return not is_postgres(connection)
