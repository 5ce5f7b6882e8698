"""How a person removes a comment in an app that lets no program do it, step by step.

What each app offers is from general knowledge, not from its maker's pages, and apps change: where a
step does not fit, the steps for any app do.
"""

from __future__ import annotations

from urllib.parse import urlsplit


def N_(message: str) -> str:
    """Marks a text to be translated where it is shown."""
    return message


_PICTURE = N_("Take a picture of it first, with the author and the time.")
_SIGN_IN = N_("Sign in to the app with the district's account and open the post.")
_LOOK = N_("Look at the post from another account: the comment must not show there.")
_ANY_APP = (
    N_(
        "Hold or swipe the comment, or open the menu beside it, and choose to remove or delete it;"
        " where the app offers only to report, report it."
    ),
)
_SNAPCHAT = (
    N_(
        "Snapchat: tap your picture at the top left, open the public profile, then the Spotlight"
        " or story, and its comments."
    ),
    N_("Press and hold the comment and choose to delete it; block or report its author there too."),
    N_(
        "Put words that come again into the profile's own list of blocked words, so that the app"
        " itself keeps them out."
    ),
)
_MYSPACE = (
    N_("Myspace: sign in on a computer, open the profile and the comment under it."),
    N_("Point at the comment and choose to delete it; set that comments need your approval."),
)
_TIKTOK = (
    N_("TikTok: open the video and its comments, press and hold the comment, choose to delete it."),
)
_LINKEDIN = (
    N_(
        "LinkedIn: view the page as its administrator, open the menu (...) of the comment and"
        " choose to delete it. LinkedIn has no way to hide."
    ),
)
_FLICKR = (
    N_(
        "Flickr: open the photo, point at the comment and choose to delete it; it cannot be undone."
    ),
)
_APPS = {
    "snapchat": _SNAPCHAT,
    "myspace": _MYSPACE,
    "tiktok": _TIKTOK,
    "linkedin": _LINKEDIN,
    "flickr": _FLICKR,
}


def app_of(*told: str | None) -> str:
    """The app that an address, a page's id or its name speaks of, the first that does; "": none."""
    for text in told:
        plain = (urlsplit(text).hostname or text) if text and "://" in text else text or ""
        for app in _APPS:
            if app in plain.lower():
                return app
    return ""


def removal_steps(*told: str | None) -> tuple[str, ...]:
    """What to do, in English and to be translated, in order."""
    app = app_of(*told)
    return (_PICTURE, _SIGN_IN, *_APPS.get(app, _ANY_APP), _LOOK)
