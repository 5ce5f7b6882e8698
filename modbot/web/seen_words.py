"""The words of bringing lists to pages without an API, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable

Translate = Callable[[str], str]


def seen_fields(_: Translate) -> dict[str, str]:
    """What the form calls its fields."""
    return {
        "text": _("The comment"),
        "author": _("Who wrote it"),
        "post": _("What it stands under"),
        "url": _("Its web address"),
        "time": _("When it was written"),
        "list": _("The list"),
        "file": _("The file"),
    }


def seen_problems(_: Translate) -> dict[str, str]:
    """What is wrong with a list, by `why` of SeenListRefused with `seen_` before it."""
    return {
        "seen_line": _("Line %(what)s cannot be taken, so nothing of the list was."),
        "seen_large": _("It is larger than %(what)s MB."),
        "seen_encoding": _(
            "It is not UTF-8 (Windows-1252, perhaps). Save it as CSV UTF-8, which also keeps emoji"
            " and other scripts."
        ),
        "seen_many": _(
            "That is more than %(what)s comments. Bring what begins with this line as another list."
        ),
        "seen_quote": _("A quotation mark opens a text here and nothing closes it."),
        "seen_empty": _("It holds no comment."),
        "seen_no_text": _("The text is empty."),
        "seen_long": _("Something is longer than %(what)s characters."),
        "seen_url": _("The address must begin with https://."),
        "seen_heading": _("The first line must name the columns, among %(what)s, text always."),
        "seen_columns": _(
            "It has another number of columns than the first line (%(what)s). Put a text with"
            " commas in quotation marks."
        ),
        "seen_time": _("Write the time like 2026-09-09 14:30, not like %(what)s."),
        "seen_when": _("At %(what)s nobody can have seen it: look at the year."),
        "seen_both": _("Give a file or a pasted list, not both."),
    }
