"""On the way to a provider and back, and whom the provider's word lets in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, delete, select

from modbot.errors import PersonRefused, ProviderRefused, SignInBusy
from modbot.people.accounts import (
    add_person,
    by_email,
    checked_email,
    checked_name,
    note,
    person_of,
)
from modbot.people.id_token import Identity
from modbot.people.invitations import invited
from modbot.people.roles import Role
from modbot.people.tokens import new_token, token_sha256
from modbot.people_tables import IdentityRow, InvitationRow, PersonRow, SignInFlowRow
from modbot.settings.sign_in import ProviderSection

LASTS = timedelta(minutes=10)
MOST_OPEN = 2_000  # strangers can begin one; a district never has so many


@dataclass(frozen=True, kw_only=True)
class Flow:
    """One way there and back; everything but `next_path` is random."""

    state: str
    nonce: str
    verifier: str
    next_path: str


def begin_flow(
    s: Session, *, provider: str, browser: str, next_path: str, now: datetime, speed: float
) -> Flow:
    """A new way, bound to the browser with this cookie. Raises SignInBusy."""
    s.exec(delete(SignInFlowRow).where(col(SignInFlowRow.ends_at) <= now))
    if s.exec(select(func.count()).select_from(SignInFlowRow)).one() >= MOST_OPEN:
        raise SignInBusy
    flow = Flow(state=new_token(), nonce=new_token(), verifier=new_token(), next_path=next_path)
    s.add(
        SignInFlowRow(
            state_sha256=token_sha256(flow.state),
            provider=provider,
            browser_sha256=token_sha256(browser),
            nonce=flow.nonce,
            verifier=flow.verifier,
            next_path=next_path,
            ends_at=now + LASTS * speed,
        )
    )
    return flow


def take_flow(s: Session, *, state: str, provider: str, browser: str, now: datetime) -> Flow | None:
    """The way that this browser began to this provider; a second time there is none."""
    row = s.get(SignInFlowRow, token_sha256(state))
    if row is None or row.browser_sha256 != token_sha256(browser):
        return None  # a stranger who knows a state must not use it up either
    s.delete(row)
    if row.provider != provider or row.ends_at <= now:
        return None
    return Flow(state=state, nonce=row.nonce, verifier=row.verifier, next_path=row.next_path)


def person_for(
    s: Session, identity: Identity, provider: ProviderSection, now: datetime
) -> PersonRow:
    """The person whom the provider named: known, invited, or of a domain whose people may all
    read. Raises ProviderRefused."""
    known = s.get(IdentityRow, (identity.issuer, identity.subject))
    if known is not None:
        person = s.get_one(PersonRow, known.person_id)
    else:
        person = _newcomer(s, identity, provider, now)
        s.add(
            IdentityRow(
                issuer=identity.issuer,
                subject=identity.subject,
                person_id=person.id or 0,
                added_at=now,
            )
        )
        who = person_of(person).actor.name
        note(s, "person.identity", who, now, person=person.id, issuer=identity.issuer)
    if person.disabled_at is not None:
        raise ProviderRefused("disabled")
    return person


def _newcomer(
    s: Session, identity: Identity, provider: ProviderSection, now: datetime
) -> PersonRow:
    invitation = invited(s, identity.email, now)
    if invitation is not None:
        s.delete(invitation)
        if invitation.person_id is not None:
            return s.get_one(PersonRow, invitation.person_id)
        return _added(s, identity, now, invitation)
    if not provider.viewers or not identity.email.endswith(f"@{provider.domain}"):
        raise ProviderRefused("unknown")
    if by_email(s, identity.email) is not None:
        raise ProviderRefused("unknown")  # an address alone takes over no account
    return _added(s, identity, now, None)


def _added(
    s: Session, identity: Identity, now: datetime, invitation: InvitationRow | None
) -> PersonRow:
    try:
        email, name = checked_email(identity.email), checked_name(identity.name[:80])
    except PersonRefused:
        raise ProviderRefused("email") from None
    role = Role.VIEWER if invitation is None else Role(invitation.role)
    scoped = invitation is not None and not invitation.all_pages
    return add_person(
        s,
        name=name,
        email=email,
        role=role,
        pages=invitation.pages if invitation is not None and scoped else None,
        approver=invitation is not None and invitation.approver,
        now=now,
        by="" if invitation is None else invitation.made_by,
    )
