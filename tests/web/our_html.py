"""Whether an answer holds our own markup only: every tag and attribute stands in a template, and
nothing in it acts."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from html.parser import HTMLParser
from importlib.resources import files
from itertools import product

import requests

from modbot.web.csrf import hidden_field
from tests.web.hostile import PRODUCT

_JINJA = re.compile(r"\{%.*?%\}|\{\{.*?\}\}|\{#.*?#\}", re.DOTALL)
_ADDRESSES = {"href", "src", "action", "formaction", "data", "poster", "srcset"}
_OURS = re.compile(r"#[\w-]+|\?[^\s]*|/(?![/\\])[^\s]*|")
_FOREIGN = re.compile(r"https?://[^\s\\]+")
# Signs that act on whoever looks at the source or at a terminal.
_ACTING = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)


class Markup(HTMLParser):
    """Every start tag with its attributes, and the text inside <script> and <style>."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, list[tuple[str, str]]]] = []
        self.inline: list[str] = []
        self.odd: list[str] = []  # comments, declarations
        self._in = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: Sequence[tuple[str, str | None]]) -> None:
        self.tags.append((tag, [(name, value or "") for name, value in attrs]))
        self._in = tag

    def handle_endtag(self, tag: str) -> None:
        self._in = ""

    def handle_data(self, data: str) -> None:
        if self._in in ("script", "style") and data.strip():
            self.inline.append(data)

    def handle_comment(self, data: str) -> None:
        self.odd.append(data)

    def handle_decl(self, decl: str) -> None:
        if decl.lower() != "doctype html":
            self.odd.append(decl)

    def handle_pi(self, data: str) -> None:
        self.odd.append(data)


@cache
def known() -> frozenset[tuple[str, str]]:
    """(tag, attribute) of every template; (tag, "") for the tag itself."""
    # What a block or a macro adds to a tag (queue/_frame.html, _fields.html).
    found = {("div", "data-claim"), ("div", "data-renew")}
    fields, told = ("input", "select", "textarea"), ("aria-describedby", "aria-invalid")
    found |= set(product(fields, told))
    folders = [files("modbot.web") / "templates"]
    sources = [str(hidden_field("x"))]
    while folders:
        for entry in folders.pop().iterdir():
            if entry.is_dir():
                folders.append(entry)
            else:
                sources.append(_JINJA.sub("", entry.read_text("utf-8")))
    for source in sources:
        for tag, attributes in Markup(source).tags:
            found |= {(tag, ""), *((tag, name) for name, _ in attributes)}
    return frozenset(found)


def faults(html: str) -> list[str]:
    """What in a page acts, or was put there by no template of ours; empty where all is well."""
    found = [f"acting sign {hex(ord(sign))}" for sign in set(_ACTING.findall(html))]
    found += ["a template was worked out"] if PRODUCT in html else []
    page = Markup(html)
    found += [f"inline script or style: {text[:60]}" for text in page.inline]
    found += [f"comment or declaration: {text[:60]}" for text in page.odd]
    for tag, attributes in page.tags:
        if (tag, "") not in known():
            found.append(f"<{tag[:60]}>")
        names = [name for name, _ in attributes]
        found += [f"<{tag} {name[:60]}>" for name in names if (tag, name) not in known()]
        found += [f"<{tag} {name}> twice" for name in set(names) if names.count(name) > 1]
        found += _address_faults(tag, dict(attributes))
    return found


def _address_faults(tag: str, attributes: dict[str, str]) -> list[str]:
    found = []
    for name in attributes.keys() & _ADDRESSES:
        value = attributes[name]
        apart = "noopener" in attributes.get("rel", "") or "noreferrer" in attributes.get("rel", "")
        abroad = tag == "a" and name == "href" and apart and _FOREIGN.fullmatch(value)
        if not _OURS.fullmatch(value) and not abroad:
            found.append(f"<{tag} {name}={value[:80]!r}>")
    return found


def sound(answer: requests.Response, what: object = "") -> requests.Response:
    """The answer, of which a page or message of ours must be made, whatever its status but 5xx."""
    said = (answer.request.method, answer.request.url, str(what)[:80], answer.status_code)
    assert answer.status_code < 500, said
    answer.content.decode("utf-8", "strict")
    kind = answer.headers.get("content-type", "")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    assert "zq" not in headers.get("set-cookie", ""), said
    assert not _ACTING.search("".join(headers.values())), said
    if answer.is_redirect:
        assert _OURS.fullmatch(headers["location"]), (said, headers["location"][:200])
    if kind.startswith("text/html"):
        assert "default-src 'none'; " in headers["content-security-policy"], said
        assert headers["x-content-type-options"] == "nosniff", said
        assert not (wrong := faults(answer.text)), (said, wrong[:5])
    return answer
