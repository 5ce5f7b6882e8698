"""Registering a page: what any member of staff asks, and what whoever approves adds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modbot import registry, store
from modbot.people import Person, Right
from modbot.registry import Approval, Approver, Problem, Registration
from modbot.tables import RegistrationRow
from modbot.web.forms import Filled
from modbot.web.place_rights import asker, may_register, page_address
from modbot.web.requests import RequestKind

_TEXTS = (
    *("platform", "name", "school", "purpose", "manager", "administrator", "contact"),
    *("external_id", "handle", "address", "government_use"),
)


class PageRequests(RequestKind[RegistrationRow]):
    """Pages to register; seen by whoever asked and whoever registers."""

    table, folder, said, right = RegistrationRow, "/pages", "page", Right.PAGES

    def may_see(self, who: Person, row: RegistrationRow) -> bool:
        sees_all = who.pages is None and (may_register(who) or who.may(Right.AUDIT))
        return sees_all or row.asked_by_id == who.id

    def may_answer(self, who: Person) -> bool:
        return may_register(who)

    def ask(self, who: Person, sent: Filled) -> int | list[Problem]:
        wanted, platforms = _registration(sent), self.service.platforms
        if problems := list(registry.registration_problems(wanted, platforms)):
            return problems
        database, now = self.service.database, self.service.clock.now()
        return registry.ask_registration(database, wanted, asker(who), now, platforms=platforms)

    def approval_problems(self, row: RegistrationRow, sent: Filled) -> list[Problem]:
        with self.service.database.read() as s:
            pages = store.pages(s)
        where = self.places.token_places
        return list(registry.approval_problems(row.platform, _approval(sent), pages, where))

    def approve(self, row: RegistrationRow, sent: Filled, approver: Approver) -> str:
        page = registry.approve_registration(
            self.service.database,
            row.id or 0,
            _approval(sent),
            approver,
            self.service.clock.now(),
            places=self.places.token_places,
        )
        return page_address(page.id)

    def form_values(self) -> Mapping[str, Any]:
        return {"platforms": sorted(self.service.platforms)}

    def values(self, _who: Person, row: RegistrationRow) -> Mapping[str, Any]:
        return {
            "token_needed": registry.token_is_needed(row.platform),
            "token_places": self.places.token_places,
        }

    def typed(
        self, row: RegistrationRow, sent: Filled | None, problems: Sequence[Problem]
    ) -> Filled:
        filled = sent or Filled(values={"external_id": (row.external_id,)})
        if any(problem.why == "no_reference" for problem in problems):
            return filled.without("token_ref")  # it may be the token itself
        return filled


def _registration(sent: Filled) -> Registration:
    texts = {name: sent.text(name) for name in _TEXTS}
    address = texts.pop("address")
    if address and "://" not in address and address.partition("/")[0].count(":") == 0:
        address = f"https://{address}"
    owned = sent.text("district_owned") == "yes"
    return Registration(**texts, address=address, district_owned=owned)


def _approval(sent: Filled) -> Approval:
    return Approval(external_id=sent.text("external_id"), token_ref=sent.text("token_ref"))
