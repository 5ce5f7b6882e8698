"""Templates to answers, in the reader's language."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from jinja2 import BytecodeCache, Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.bccache import Bucket
from jinja2.runtime import Context
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from modbot.alerts.wording import advice, kind_name
from modbot.i18n import LANGUAGES, Language, choose, language
from modbot.people import Person
from modbot.people.tokens import form_token, new_token
from modbot.undo.because import read_because
from modbot.web.access import visit, visitor
from modbot.web.changes import ChangeWording
from modbot.web.cookies import Cookies
from modbot.web.csrf import FIELD, hidden_field
from modbot.web.entries import Row
from modbot.web.marking import visible
from modbot.web.navigation import places
from modbot.web.notices import NOTICES
from modbot.web.veiling import Liked, apart, spells_out
from modbot.web.wording import Wording

STATIC_FOLDER = Path(__file__).parent / "static"
LANGUAGE_COOKIE = "modbot_language"
KEPT_ROWS = 4096  # some 8 MB
KEPT_SENTENCES = 4096  # there are fewer
_YEAR_SECONDS = 365 * 24 * 3600
FIELD_SIGN = f'name="{FIELD}"'  # of a page with a form in it


class _CompiledOnce(BytecodeCache):
    """Templates as Python code, the same in each language: compiling is the slow part of a first
    page."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        assert bucket.code is not None
        self._code[bucket.key, bucket.checksum] = bucket.code


_COMPILED = _CompiledOnce()


class Pages:
    """Renders every page of the service; one template environment a language."""

    def __init__(
        self,
        zone: Callable[[], ZoneInfo],
        cookies: Cookies,
        urgent_alerts: Callable[[Person], int] = lambda _who: 0,
    ):
        self.zone = zone  # asked for each answer: the setting may be reloaded
        self.cookies = cookies
        self.urgent_alerts = urgent_alerts  # how many wait for somebody, of those a person sees
        self._environments = {code: self._environment(language(code)) for code in LANGUAGES}

    def _environment(self, spoken: Language) -> Environment:
        environment = Environment(
            loader=PackageLoader("modbot.web"),
            extensions=["jinja2.ext.i18n"],
            autoescape=True,
            undefined=StrictUndefined,
            finalize=_printable,
            auto_reload=False,
            bytecode_cache=_COMPILED,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.install_gettext_callables(  # type: ignore[attr-defined]
            spoken.gettext, spoken.ngettext, newstyle=True
        )
        for name in ("gettext", "ngettext"):
            environment.globals[name] = _of_visible(environment.globals[name])
        environment.filters["urlencode"] = _in_address
        environment.globals.update(
            language=spoken,
            languages=LANGUAGES,
            wording=Wording(spoken),
            change_wording=ChangeWording(spoken.gettext, spoken.decimal),
            moment=lambda at: spoken.moment(at, self.zone()),
            day=lambda at: spoken.day(at, self.zone()),
            short_day=lambda at: spoken.short_day(at, self.zone()),
            log_row=self._kept_rows(environment),
            asset=_asset_addresses().__getitem__,
            kind_name=lambda kind: kind_name(spoken, kind),
            advice=lambda kind: advice(spoken, kind),
            age=spoken.span,
            spells_out=spells_out,
            apart=apart,
            read_because=read_because,
        )
        return environment

    def _kept_rows(self, environment: Environment) -> Callable[[Row], Markup]:
        """Draws rows of the log. Everybody reads the same newest ones, and a row says all that
        its drawing depends on, so each is drawn once."""

        @lru_cache(maxsize=KEPT_ROWS)
        def drawn(row: Row, _zone: str) -> Markup:
            template = environment.get_template("log/_row.html")
            return Markup(template.module.drawn(row))  # type: ignore[attr-defined]

        return lambda row: drawn(row, self.zone().key)

    def templates(self) -> list[str]:
        """The names of all templates."""
        return self._environments["en"].list_templates()

    def compile(self, template: str) -> None:
        """Makes a template ready in every language."""
        for environment in self._environments.values():
            environment.get_template(template)

    def answer(
        self,
        request: Request,
        template: str,
        *,
        status: int = 200,
        here: tuple[str, Mapping[str, str]] = ("/", {}),
        **values: Any,
    ) -> HTMLResponse:
        """One page. `here` is its address as path and query, for the language links."""
        code = reader_language(request).code
        path, query = here
        who = visitor(request)
        cookie = visit(request).cookie or new_token()
        html = (
            self._environments[code]
            .get_template(template)
            .render(
                language_address=lambda other: f"{path}?{urlencode({**query, 'lang': other})}",
                me=who,
                csrf_field=lambda: hidden_field(form_token(cookie)),
                navigation=places(request, who),
                # An error page asks the database for nothing: it may be what failed.
                urgent_alerts=self.urgent_alerts(who) if who and status < 400 else 0,
                liked=Liked.of(request),
                notice=NOTICES.get(request.query_params.get("said", ""), ""),
                **values,
            )
        )
        headers = {"vary": "accept-language, cookie", "content-language": code}
        response = HTMLResponse(html, status_code=status, headers=headers)
        if request.query_params.get("lang") == code:
            keep_language(response, code)
        if who is None and cookie != visit(request).cookie and FIELD_SIGN in html:
            self.cookies.set(response, self.cookies.visit, cookie)
        return response

    def day_start(self, now: datetime) -> datetime:
        """Midnight of the day that `now` falls on where the district is."""
        return now.astimezone(self.zone()).replace(hour=0, minute=0, second=0, microsecond=0)


def keep_language(response: Response, code: str) -> None:
    """Lets a browser remember the language."""
    response.set_cookie(LANGUAGE_COOKIE, code, max_age=_YEAR_SECONDS, httponly=True, samesite="lax")


def reader_language(request: Request) -> Language:
    """The language that whoever sent the request reads."""
    who = visitor(request)
    return language(
        choose(
            asked=request.query_params.get("lang"),
            remembered=request.cookies.get(LANGUAGE_COOKIE) or (who.language if who else None),
            accepted=request.headers.get("accept-language"),
        )
    )


def _in_address(value: Any) -> str:
    """A text, or names and values, as an address has it; a lone surrogate becomes "?"."""
    if isinstance(value, Mapping):
        return urlencode({name: str(each) for name, each in value.items()}, errors="replace")
    return quote(str(value), safe="/", errors="replace")


def _printable(value: Any) -> Any:
    """Every string on a page passes here: a lone surrogate must not break the whole answer."""
    return visible(value) if type(value) is str else value


def _of_visible(translated: Any) -> Callable[..., str]:
    """What stands in a sentence never passes _printable() by itself: so it is made visible here."""

    whole: dict[tuple[str, ...], str] = {}  # sentences of the templates with nothing put in

    @pass_context
    def call(context: Context, *texts: Any, **variables: Any) -> str:
        if variables or len(texts) > 1:
            shown = {name: _printable(value) for name, value in variables.items()}
            with_values: str = translated(context, *texts, **shown)
            return with_values
        if (found := whole.get(texts)) is None:
            found = translated(context, *texts)
            if len(whole) < KEPT_SENTENCES:
                whole[texts] = found
        return found

    return call


def _asset_addresses() -> dict[str, str]:
    """Addresses that change with the content, so that browsers may keep the files."""
    return {
        file.name: f"/static/{file.name}?v={hashlib.sha256(file.read_bytes()).hexdigest()[:12]}"
        for file in STATIC_FOLDER.iterdir()
    }
