"""What every screen of pages and fundraisers is made with."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from modbot.i18n import LANGUAGES, language
from modbot.registry import TokenPlaces
from modbot.web.budget_words import BudgetWords
from modbot.web.place_rights import page_address
from modbot.web.place_words import PlaceWords
from modbot.web.rendering import Pages, reader_language
from modbot.web.seam import WebService


class Places:
    """What every screen of pages and fundraisers is made with."""

    def __init__(self, service: WebService, pages: Pages):
        self.service = service
        self._pages = pages
        self._words = {code: PlaceWords(language(code)) for code in LANGUAGES}
        self._budget_words = {code: BudgetWords(language(code)) for code in LANGUAGES}

    def answer(
        self,
        request: Request,
        template: str,
        *,
        path: str,
        query: dict[str, str] | None = None,
        status: int = 200,
        **values: Any,
    ) -> HTMLResponse:
        """One screen at `path`, with the words of pages and fundraisers."""
        code = reader_language(request).code
        return self._pages.answer(
            request,
            template,
            status=status,
            here=(path, query or {}),
            words=self._words[code],
            budget_words=self._budget_words[code],
            page_address=page_address,
            zone=self._pages.zone(),
            **values,
        )

    @property
    def token_places(self) -> TokenPlaces:
        """Where tokens may be that are named here."""
        allowed = self.service.config.settings.registry
        return TokenPlaces(folders=allowed.token_folders, variables=allowed.token_variables)

    @property
    def pages(self) -> Pages:
        """What renders, and knows the district's time zone."""
        return self._pages
