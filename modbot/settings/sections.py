"""The service's own settings, as modbot.toml holds them; a key left out has its value from here."""

from __future__ import annotations

import ipaddress
import re
import zoneinfo
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from modbot.ports import Spending
from modbot.settings.registry import RegistrySection
from modbot.settings.section import Section, as_tuple
from modbot.settings.sign_in import SignInSection

_SERVER_ADDRESS = (
    r"postgresql(\+psycopg)?://[0-9A-Za-z_][0-9A-Za-z_.-]*@[0-9A-Za-z.:\[\]_-]*"
    r"/[0-9A-Za-z_][0-9A-Za-z_-]*(\?[0-9A-Za-z_=&%./-]*)?"
)


def _known_time_zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("is not a time zone name such as America/New_York") from None
    return name


def _relative_folder(name: str) -> str:
    if name.startswith(("/", "~")) or ".." in name.split("/") or "\x00" in name:
        raise ValueError("must be a folder inside the configuration folder")
    return name


def _without_password(remote: str) -> str:
    if ":" in remote.partition("://")[2].rpartition("@")[0]:
        raise ValueError("must not hold a password: leave it to ssh or git's credential helper")
    return remote


def _database_address(url: str) -> str:
    """Never quotes it: somebody may have put a password there."""
    if re.fullmatch(r"sqlite:///[^\x00-\x1f?]+", url):
        return url
    if re.match(r"postgresql(\+psycopg)?://[^/]*:[^/]*@", url) or "password=" in url:
        raise ValueError("must not hold a password: say where it is with password = 'file:...'")
    if re.fullmatch(_SERVER_ADDRESS, url):
        return url
    raise ValueError("must be sqlite:///PATH or postgresql+psycopg://USER@HOST:PORT/DATABASE")


def _network(text: str) -> str:
    try:
        ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise ValueError("is not an IP address or network such as 10.0.0.0/8") from None
    return text


_HostName = Annotated[str, Field(min_length=1, max_length=255, pattern=r"^[0-9A-Za-z.:_-]+$")]
_Network = Annotated[str, Field(min_length=1, max_length=50), AfterValidator(_network)]
_Address = Annotated[str, Field(max_length=320, pattern=r"^[^\s@<>]+@[^\s@<>]+$")]
_Remote = Annotated[
    str,
    Field(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x20-][^\x00-\x20]*$"),
    AfterValidator(_without_password),
]
_Name = Annotated[str, Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z _.-]{0,59}$")]
_Reference = Annotated[str, Field(pattern=r"^(env|file):[^\x00-\x1f]{1,1000}$")]
_Kind = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]
_Path = Annotated[str, Field(min_length=1, max_length=1_000, pattern=r"^[^\x00-\x1f]+$")]


class DatabaseSection(Section):
    """Where everything is kept: a SQLite file, or a database on a PostgreSQL server."""

    url: Annotated[str, AfterValidator(_database_address)] = "sqlite:///modbot.db"
    password: _Reference | Literal[""] = ""  # PostgreSQL: where the password of url's user is
    folder: _Path = "."  # PostgreSQL: for checkpoints, models and the lock

    @property
    def on_server(self) -> bool:
        """Whether it is a database on a PostgreSQL server."""
        return not self.url.startswith("sqlite:")

    @property
    def path(self) -> Path:
        """The database file; of one on a server a name for what lies beside it."""
        if self.on_server:
            return Path(self.folder) / self.url.partition("?")[0].rpartition("/")[2]
        return Path(self.url.removeprefix("sqlite:///"))


class WebSection(Section):
    """The web pages. It listens on this machine alone unless told otherwise."""

    enabled: bool = True
    host: _HostName = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535)  # 0: any free port
    allowed_hosts: Annotated[tuple[_HostName, ...], BeforeValidator(as_tuple)] = ()  # in Host:
    # What browsers call it: https://modbot.lps.example; empty: http on `host`.
    public_address: str = Field("", max_length=255, pattern=r"^(https?://[0-9A-Za-z.:_-]+)?$")
    # Proxies whose X-Forwarded-For is believed; nobody else's is.
    trusted_proxies: Annotated[tuple[_Network, ...], BeforeValidator(as_tuple)] = ()
    time_zone: Annotated[str, AfterValidator(_known_time_zone)] = "America/New_York"

    @property
    def https(self) -> bool:
        """Whether browsers reach it over TLS."""
        return self.public_address.startswith("https://")

    @property
    def public_host(self) -> str:
        """The host name of the public address; `host` where none is set."""
        name = self.public_address.partition("://")[2]
        return name.partition(":")[0] or self.host


class PollingSection(Section):
    """How often a page is read."""

    min_seconds: float = Field(45, ge=1, le=86_400)  # for an hour after a post or comment
    max_seconds: float = Field(60, ge=1, le=86_400)  # a page where nothing happens
    max_seconds_youtube: float = Field(240, ge=1, le=86_400)  # the same where polls cost units
    jitter: float = Field(0.1, ge=0, le=0.5)  # share of the interval
    watch_hours: float = Field(48, ge=1, le=24 * 90)  # how far back edits and deletions are sought
    recheck_minutes: float = Field(60, ge=1, le=24 * 60)
    workers: int = Field(8, ge=1, le=64)  # pages polled at the same time
    sweep_days: float = Field(14, ge=0, le=90)  # that the nightly sweep looks through; 0: none
    sweep_at: str = Field("01:30", pattern=r"^([01]\d|2[0-3]):[0-5]\d$")  # by web.time_zone

    @property
    def quiet_seconds(self) -> float:
        """Between two polls of a page where nothing happens; YouTube's are `longest_seconds`."""
        return max(self.max_seconds, self.min_seconds)

    @property
    def longest_seconds(self) -> float:
        """Between two polls of any page, as long as no budget stretches them."""
        return max(self.quiet_seconds, self.max_seconds_youtube)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        # A file that sets min_seconds alone means no other order.
        if "max_seconds" in self.model_fields_set and self.max_seconds < self.min_seconds:
            raise ValueError("max_seconds must not be less than min_seconds")
        return self


class BudgetSection(Section):
    """Money that may go to X, in US cents, and what X charges."""

    x_cents_a_day: float = Field(500, ge=0, le=10_000_000)  # 0: X is not called where it charges
    x_cents_a_month: float = Field(5_000, ge=0, le=100_000_000)
    x_cents_a_post: float = Field(0.5, ge=0, le=100)  # that it shows; 0.1 where the account
    x_cents_a_hide: float = Field(0.5, ge=0, le=100)  # owns the developer app; 0: a flat plan
    x_sweep_cents_a_day: float = Field(50, ge=0, le=10_000_000)  # 0: no search
    x_sweep_hours: float = Field(4, ge=0.25, le=24 * 6)  # X searches seven days back

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.x_cents_a_month < self.x_cents_a_day:
            raise ValueError("x_cents_a_month must not be less than x_cents_a_day")
        if self.x_cents_a_day < self.x_sweep_cents_a_day:
            raise ValueError("x_sweep_cents_a_day must not be more than x_cents_a_day")
        return self

    @property
    def spending(self) -> Spending:
        """As adapters take it."""
        return Spending(
            cents_a_day=self.x_cents_a_day,
            cents_a_month=self.x_cents_a_month,
            cents_a_post=self.x_cents_a_post,
            cents_a_hide=self.x_cents_a_hide,
            sweep_cents_a_day=self.x_sweep_cents_a_day,
            sweep_hours=self.x_sweep_hours,
        )


class EnforcementSection(Section):
    """How far the service may go on its own, a page."""

    hides_per_hour: int = Field(30, ge=0, le=100_000)  # 0: every hide waits for a person
    hides_per_day: int = Field(100, ge=0, le=1_000_000)
    max_attempts: int = Field(8, ge=1, le=100)  # for one action, then a person decides

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.hides_per_day < self.hides_per_hour:
            raise ValueError("hides_per_day must not be less than hides_per_hour")
        return self


class ClassifierSection(Section):
    """Which model judges beside the rules."""

    name: Literal["auto", "detoxify", "embedded"] = "auto"
    variant: Literal["auto", "multilingual", "unbiased", "original"] = "auto"  # of detoxify
    folder: _Path = "models"  # of fetched and exported models; relative to the database's folder


class RulesSection(Section):
    """Where the word lists and patterns are, inside the configuration folder."""

    folder: Annotated[str, AfterValidator(_relative_folder)] = Field("rules", min_length=1)


class CheckpointsSection(Section):
    """Signed checkpoints of the record, and where they go outside this machine."""

    key: str = Field("", pattern=r"^((env|file):[^\x00-\x1f]{1,1000})?$")  # empty: none are made
    every_hours: float = Field(24, ge=0.01, le=24 * 31)
    folders: Annotated[tuple[_Path, ...], BeforeValidator(as_tuple)] = ()  # of a file share
    git_remotes: Annotated[tuple[_Remote, ...], BeforeValidator(as_tuple)] = ()
    mail_to: Annotated[tuple[_Address, ...], BeforeValidator(as_tuple)] = ()
    mail_from: str = Field("", max_length=320, pattern=r"^([^\s@<>]+@[^\s@<>]+)?$")
    smtp_host: str = Field("", max_length=255, pattern=r"^[0-9A-Za-z.:_-]*$")
    smtp_port: int = Field(587, ge=1, le=65535)
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_login: str = Field("", pattern=r"^((env|file):[^\x00-\x1f]{1,1000})?$")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if (self.folders or self.git_remotes or self.mail_to) and not self.key:
            raise ValueError("needs key: make one with `modbot checkpoint keygen FILE`")
        if self.mail_to and not (self.mail_from and self.smtp_host):
            raise ValueError("mail_to needs mail_from and smtp_host")
        return self


class ReviewSection(Section):
    """The queue of what waits for a person."""

    claim_minutes: float = Field(5, ge=0.5, le=120)  # for which an open comment is one person's


class OnCallStep(Section):
    """Who is told of an urgent alert that nobody has acknowledged by then."""

    after_minutes: float = Field(ge=0, le=24 * 60)  # since it was opened
    to: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = Field(min_length=1)  # destinations


class AlertsSection(Section):
    """Whom alerts go to, and when."""

    language: Literal["en", "es"] = "en"  # of the messages
    # Name of each destination, and where its apprise address is kept.
    destinations: dict[_Name, _Reference] = Field(default_factory=dict)
    on_call: Annotated[tuple[OnCallStep, ...], BeforeValidator(as_tuple)] = ()  # for urgent alerts
    others: Annotated[tuple[str, ...], BeforeValidator(as_tuple)] = ()  # destinations of the rest
    also_urgent: Annotated[tuple[_Kind, ...], BeforeValidator(as_tuple)] = ()
    quiet_minutes: float = Field(10, ge=0, le=24 * 60)  # between messages of what is not urgent
    repeat_minutes: float = Field(60, ge=0, le=7 * 24 * 60)  # before the same trouble is told again
    deadline_seconds: float = Field(20, ge=1, le=120)  # for one message to one destination
    # Hosts inside the network that messages may go to, also without TLS: a mail relay, a proxy.
    local_hosts: Annotated[tuple[_HostName, ...], BeforeValidator(as_tuple)] = ()
    mandated_reporting_en: str = Field("", max_length=2_000)  # goes with each alert of a crisis
    mandated_reporting_es: str = Field("", max_length=2_000)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        named = {name for step in self.on_call for name in step.to} | set(self.others)
        if unknown := sorted(named - set(self.destinations)):
            raise ValueError(f"names no destination: {unknown[0]}")
        minutes = [step.after_minutes for step in self.on_call]
        if minutes != sorted(minutes):
            raise ValueError("on_call must be in order of after_minutes")
        return self

    @property
    def mandated_reporting(self) -> dict[str, str]:
        """The district's text by language; empty texts are left out."""
        texts = {"en": self.mandated_reporting_en, "es": self.mandated_reporting_es}
        return {code: text.strip() for code, text in texts.items() if text.strip()}

    def reporting_in(self, code: str) -> tuple[str, str]:
        """The district's text in a language, else in the other one, with its language; empty:
        the district has none."""
        texts = self.mandated_reporting
        found = code if code in texts else next(iter(texts), code)
        return texts.get(found, ""), found


class BrakeSection(Section):
    """When a rule or a model that hides too much of a page may only ask for review there."""

    share: float = Field(0.5, gt=0, le=1)  # of the page's comments; 1: never
    min_comments: int = Field(20, ge=1, le=100_000)  # in the window, before it is looked at
    window_minutes: float = Field(60, ge=1, le=24 * 60)


class MetricsSection(Section):
    """/metrics for Prometheus: for this machine alone, or for whoever has the token."""

    enabled: bool = True
    token: str = Field("", pattern=r"^((env|file):[^\x00-\x1f]{1,1000})?$")


class HttpSection(Section):
    """Limits of a call to a platform."""

    timeout_seconds: float = Field(20, ge=0.1, le=300)  # for connecting and for each chunk
    deadline_seconds: float = Field(30, ge=0.1, le=600)  # for one whole call

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.deadline_seconds < self.timeout_seconds:
            raise ValueError("deadline_seconds must not be less than timeout_seconds")
        return self


class LogSection(Section):
    """What goes to standard error."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    format: Literal["json", "console"] = "json"


class Settings(Section):
    """modbot.toml, checked. Secrets are never in it."""

    database: DatabaseSection = DatabaseSection()
    web: WebSection = WebSection()
    registry: RegistrySection = RegistrySection()
    sign_in: SignInSection = SignInSection()
    polling: PollingSection = PollingSection()
    budget: BudgetSection = BudgetSection()
    enforcement: EnforcementSection = EnforcementSection()
    classifier: ClassifierSection = ClassifierSection()
    rules: RulesSection = RulesSection()
    review: ReviewSection = ReviewSection()
    checkpoints: CheckpointsSection = CheckpointsSection()
    alerts: AlertsSection = AlertsSection()
    brake: BrakeSection = BrakeSection()
    metrics: MetricsSection = MetricsSection()
    http: HttpSection = HttpSection()
    log: LogSection = LogSection()

    @property
    def models_folder(self) -> Path:
        """Where fetched and exported models are."""
        return self.database.path.parent / self.classifier.folder
