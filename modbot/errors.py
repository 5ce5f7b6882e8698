"""Every error that modbot raises on purpose.

ModbotError
├── BadConfig             a file or setting is wrong: says file, line and key
├── AlreadyRunning        another instance works on the same data
├── UnknownPage           no registered page has this id
├── NoPast                a page's past cannot be read: people bring what is on it
├── SeenListRefused       a list of comments that people saw cannot be read: says the line
├── UnknownDecision       no stored decision has this number
├── UnknownRun            no undo run has this number
├── UndoRefused           decisions cannot be taken back together like this
├── VerdictRefused        a person's verdict cannot stand like this
│   ├── ReasonMissing     the policy asks for a reason here
│   ├── EditedSince       it answers an old text
│   ├── DecidedSince      somebody decided meanwhile
│   ├── HeldByAnother     somebody else looks at it right now
│   ├── NotThere          the comment is no longer on the platform
│   └── NotYours          it takes another role, or is somebody else's decision
├── RegistrationRefused   a page or fundraiser may not be registered like this
├── ChangedMeanwhile      somebody else changed or answered it first
├── UnknownRequest        no request or fundraiser has this number
├── PersonRefused         an account may not be made or changed like this: `code` says why
├── SignInBusy            too many passwords are being checked at once
├── ProviderRefused       a sign-in provider's answer is not believed: `code` says why
├── StoreUnreadable       the database cannot be opened or read
├── ClassifierFailed      a classifier could not judge
├── ModelUnusable         a model's files cannot be fetched, trusted or exported
├── CheckpointRefused     a checkpoint is not as it was signed, or of another key
├── DeliveryFailed        a checkpoint did not reach a place outside this machine
├── BackupFailed          a copy of the database could not be made or put in place
├── BackupRefused         a file is no whole and true copy of a record
└── PlatformError         a platform call failed; `permanent` tells whether to try again
    ├── AuthExpired       the token was refused
    ├── MissingScope      the token lacks a permission
    ├── RateLimited       wait `retry_after_seconds`
    ├── QuotaSpent        paid credits or a monthly cap are used up
    ├── WritesBlocked     the platform blocks our writes as abusive
    ├── CommentGone       the comment is no longer there
    ├── Unsupported       the platform has no such action
    ├── BadRequest        the vendor says our call is wrong: a bug here
    ├── BadAnswer         the vendor's answer could not be read
    └── Unreachable       no answer: network, time-out, 5xx
"""

from __future__ import annotations


class ModbotError(Exception):
    """Something went wrong that a person can act on."""

    def __init__(self, message: str = "") -> None:
        super().__init__(message or (self.__doc__ or "").strip())


class BadConfig(ModbotError):
    """A configuration file or setting is wrong; mend the named file, line and key."""

    def __init__(self, message: str, *, file: str = "", line: int | None = None, key: str = ""):
        where = file + (f":{line}" if line else "")
        parts = [p for p in (where, key, message) if p]
        super().__init__(": ".join(parts))
        self.file, self.line, self.key = file, line, key


class AlreadyRunning(ModbotError):
    """Another instance works on the same data; stop it first."""


class UnknownPage(ModbotError):
    """No registered page has this id; see `modbot pages list`."""


class RegistrationRefused(ModbotError):
    """A page or fundraiser may not be registered like this; the message says why."""


class ChangedMeanwhile(ModbotError):
    """Somebody else changed or answered it first; look at it again."""


class UnknownRequest(ModbotError):
    """No request or fundraiser has this number."""


class SeenListRefused(ModbotError):
    """A list of comments that people saw cannot be read; nothing of it was taken. Mend the line."""

    def __init__(
        self,
        message: str,
        *,
        file: str = "",
        line: int | None = None,
        why: str = "",
        what: str = "",
    ):
        """`why` names the kind of fault and `what` its number or name, for other languages."""
        where = file + (f":{line}" if line else "")
        super().__init__(": ".join(part for part in (where, message) if part))
        self.file, self.line, self.why, self.what = file, line, why, what


class NoPast(ModbotError):
    """A page's past cannot be read: people bring what is on it. Nothing was asked for."""


class UnknownDecision(ModbotError):
    """No stored decision has this number; see `modbot decisions list`."""


class PersonRefused(ModbotError):
    """An account may not be made or changed like this; the message says why."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code  # what the pages translate: "short", "common", "last_admin", ...


class SignInBusy(ModbotError):
    """Too many passwords are being checked at once; try again in a moment."""


class ProviderRefused(ModbotError):
    """A sign-in provider's answer is not believed."""

    def __init__(self, code: str):
        super().__init__(f"the sign-in provider's answer is not believed ({code})")
        self.code = code  # "issuer", "audience", "expired", "nonce", "tenant", ...


class UnknownRun(ModbotError):
    """No undo run has this number; see `modbot undo status`."""


class UndoRefused(ModbotError):
    """These decisions cannot be taken back together like this; nothing was begun."""


class VerdictRefused(ModbotError):
    """A person's verdict cannot stand like this; nothing was recorded."""

    def __init__(self, message: str = "", *, newest: int | None = None, holder: str = ""):
        super().__init__(message)
        self.newest = newest  # the decision that stands now
        self.holder = holder  # who holds the comment


class ReasonMissing(VerdictRefused):
    """The policy asks for a reason for this verdict; give one."""


class EditedSince(VerdictRefused):
    """The comment was edited since that decision; look at its newest text."""


class DecidedSince(VerdictRefused):
    """Somebody decided on this comment meanwhile; look at what was decided."""


class HeldByAnother(VerdictRefused):
    """Somebody else looks at this comment right now; leave it to them, or wait."""


class NotThere(VerdictRefused):
    """The comment is no longer on the platform; nothing is left to decide."""


class NotYours(VerdictRefused):
    """This takes an administrator, or whoever gave that verdict."""


class StoreUnreadable(ModbotError):
    """The database cannot be opened or read; check its path and rights."""


class ClassifierFailed(ModbotError):
    """A classifier could not judge; its comments go to review."""


class ModelUnusable(ModbotError):
    """A model's files cannot be fetched, trusted or exported; the message says what to do."""


class CheckpointRefused(ModbotError):
    """A checkpoint is not as it was signed, or of another key; the message names the file."""


class DeliveryFailed(ModbotError):
    """A checkpoint did not reach a place outside this machine; it will be tried again."""


class BackupFailed(ModbotError):
    """A copy of the database could not be made or put in place; nothing was changed."""


class BackupRefused(ModbotError):
    """A file is no whole and true copy of a record; the message says what is wrong with it."""


class PlatformError(ModbotError):
    """A call to a platform failed."""

    permanent = False

    def __init__(self, message: str = "", *, code: str = ""):
        super().__init__(message)
        self.code = code  # the vendor's code, e.g. "190/463"


class AuthExpired(PlatformError):
    """The page's token was refused; a person must make a new one."""

    permanent = True


class MissingScope(PlatformError):
    """The page's token lacks a permission; grant it and check again."""

    permanent = True


class RateLimited(PlatformError):
    """The platform asks us to wait, with every call or only with calls of this kind."""

    def __init__(
        self,
        message: str = "",
        *,
        retry_after_seconds: float,
        every_call: bool = False,
        reads_only: bool = False,
        spent: bool = False,
        code: str = "",
    ):
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds
        self.every_call = every_call
        self.reads_only = reads_only  # hides may go on: their share of a budget is kept
        self.spent = spent  # a day's or month's allowance is used up; nothing is down


class QuotaSpent(PlatformError):
    """Paid credits or a usage cap are used up; polling stops until a person tops up."""

    permanent = True


class WritesBlocked(PlatformError):
    """The platform blocks our writes as abusive; all writes stop for hours."""

    def __init__(self, message: str = "", *, retry_after_seconds: float = 6 * 3600, code: str = ""):
        super().__init__(message, code=code)
        self.retry_after_seconds = retry_after_seconds


class CommentGone(PlatformError):
    """The comment is no longer on the platform."""

    permanent = True


class Unsupported(PlatformError):
    """The platform has no such action."""

    permanent = True


class BadRequest(PlatformError):
    """The platform says our call is wrong; report this as a bug."""

    permanent = True


class BadAnswer(PlatformError):
    """The platform's answer could not be read; nothing of it was used."""


class Unreachable(PlatformError):
    """The platform did not answer; it will be tried again."""
