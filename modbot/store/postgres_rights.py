"""What the service's role may do with each table: what the triggers refuse, it has no right to."""

from __future__ import annotations

from sqlalchemy import Connection

from modbot.audit.verification import GUARDS
from modbot.errors import StoreUnreadable

_TABLES = (
    "SELECT relname FROM pg_class WHERE relnamespace = current_schema()::regnamespace "
    "AND relkind = 'r' ORDER BY relname"
)
_READ_ONLY = ("alembic_version", "audit_length")


def rights(table: str) -> tuple[str, ...]:
    """The rights on a table. None has TRUNCATE, TRIGGER or REFERENCES."""
    if table in _READ_ONLY:
        return ("SELECT",)
    more = [right for right in ("UPDATE", "DELETE") if f"{table}_{right.lower()}" not in GUARDS]
    return ("SELECT", "INSERT", *more)


def grant(connection: Connection, role: str) -> None:
    """Gives the role these rights and takes others away; as the owner of the tables."""
    mine = connection.exec_driver_sql("SELECT current_user").scalar()
    if mine == role:
        return  # doctor says what that means
    known = "SELECT quote_ident(rolname) FROM pg_roles WHERE rolname = ?"
    quoted = connection.exec_driver_sql(known, (role,)).scalar()
    if quoted is None:
        raise StoreUnreadable(
            f"there is no role {role}, which modbot.toml names; make it: CREATE ROLE {role} LOGIN"
        )
    schema = connection.exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {quoted}")
    connection.exec_driver_sql(f"REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {quoted}, PUBLIC")
    connection.exec_driver_sql(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {schema} TO {quoted}")
    for (table,) in connection.exec_driver_sql(_TABLES).all():
        listed = ", ".join(rights(table))
        connection.exec_driver_sql(f'GRANT {listed} ON TABLE "{table}" TO {quoted}')
