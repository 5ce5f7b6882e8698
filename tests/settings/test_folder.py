"""The configuration folder: every fault is named with file, line and key."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import pytest

from modbot.domain import Category
from modbot.errors import BadConfig
from modbot.policy import CategoryPolicy, Policy
from modbot.settings import (
    Settings,
    choose_folder,
    init_config,
    load_config,
    packaged_folder,
)
from modbot.settings.folder import POLICY_FILE, SERVICE_FILE
from modbot.settings.policy_file import CategoryEntry, OffensiveEntry, PolicyFile
from modbot.settings.toml_lines import KeyLines
from tests.settings.conftest import (
    SHIPPED,
    folder_instead,
    not_utf8,
    pipe_instead,
    remove,
    too_large,
)

POLICY = (SHIPPED / POLICY_FILE).read_text("utf-8")


def load_error(folder: Path) -> BadConfig:
    with pytest.raises(BadConfig) as caught:
        load_config(folder)
    message = str(caught.value)
    assert "\n" not in message and message.isprintable()
    return caught.value


SERVICE_FAULTS = [
    pytest.param("[web]\nport = 8080\nprot = 1\n", 3, "web.prot", "unknown key", id="unknown key"),
    pytest.param("[web]\nprot = 1\n", 2, "web.prot", "did you mean port", id="a near miss"),
    pytest.param("\n\n[wbe]\nport = 1\n", 3, "wbe", "did you mean web", id="unknown table"),
    pytest.param("port = 1\n", 1, "port", "unknown key", id="key outside its table"),
    pytest.param("web.prot = 1\n", 1, "web.prot", "unknown key", id="unknown dotted key"),
    pytest.param('[web]\n"po\\nrt" = 1\n', 2, "web.po\\u000art", "unknown", id="break in a key"),
    pytest.param('[web]\n"p\\u202eo" = 1\n', 2, "web.p\\u202eo", "unknown", id="bidi in a key"),
    pytest.param('web = "x"\n', 1, "web", "dictionary", id="value for a table"),
    pytest.param("[[web]]\nport = 1\n", 1, "web", "dictionary", id="array of tables for a table"),
    pytest.param('[web]\nport = "8080"\n', 2, "web.port", "valid integer", id="text for a number"),
    pytest.param("[web]\nport = 80.5\n", 2, "web.port", "valid integer", id="fraction for a count"),
    pytest.param("[web]\nport = true\n", 2, "web.port", "valid integer", id="true for a number"),
    pytest.param("[web]\nport = 65536\n", 2, "web.port", "less than or equal", id="port too high"),
    pytest.param("[web]\nport = -1\n", 2, "web.port", "greater than or equal", id="port below 0"),
    pytest.param("[web]\nenabled = 1\n", 2, "web.enabled", "valid boolean", id="1 for true"),
    pytest.param('[web]\nhost = ""\n', 2, "web.host", "at least 1", id="empty host"),
    pytest.param('[web]\nhost = "a b"\n', 2, "web.host", "pattern", id="blank in a host"),
    pytest.param(
        '[web]\nallowed_hosts = [\n  "a",\n  3,\n]\n', 2, "web.allowed_hosts.1", "string",
        id="number among hosts",
    ),
    pytest.param(
        '[web]\ntime_zone = "Lawrence"\n', 2, "web.time_zone", "time zone", id="unknown time zone"
    ),
    pytest.param(
        '[web]\ntime_zone = "../../etc/passwd"\n', 2, "web.time_zone", "time zone",
        id="path for a time zone",
    ),
    pytest.param(
        "[polling]\njitter = nan\n", 2, "polling.jitter", "finite", id="not a number"
    ),
    pytest.param(
        "[polling]\nmax_seconds = inf\n", 2, "polling.max_seconds", "finite", id="infinite"
    ),
    pytest.param("[polling]\nworkers = 0\n", 2, "polling.workers", "greater", id="no workers"),
    pytest.param(
        "[log]\n\n[polling]\nmin_seconds = 100\nmax_seconds = 90\n", 3, "polling",
        "max_seconds must not be less", id="interval upside down",
    ),
    pytest.param(
        "[budget]\nx_cents_a_day = 9000.0\n", 1, "budget", "x_cents_a_month must not be less",
        id="a month's money less than a day's",
    ),
    pytest.param(
        "\n[budget]\nx_cents_a_day = 10.0\n", 2, "budget", "x_sweep_cents_a_day must not be more",
        id="more money for searches than there is",
    ),
    pytest.param(
        "[budget]\nx_cents_a_day = 500.0\nx_cents_a_month = -1.0\n", 3, "budget.x_cents_a_month",
        "greater", id="less than no money",
    ),
    pytest.param(
        '[budget]\nx_cents_a_day = "5 $"\n', 2, "budget.x_cents_a_day", "number",
        id="money in words",
    ),
    pytest.param(
        "[budget]\ncents_a_day = 5.0\n", 2, "budget.cents_a_day", "", id="no such cap",
    ),
    pytest.param(
        "[http]\ntimeout_seconds = 60\n", 1, "http", "deadline_seconds must not",
        id="deadline before the time-out",
    ),
    pytest.param(
        "[enforcement]\nhides_per_day = 5\n", 1, "enforcement", "hides_per_day must not",
        id="fewer hides a day than an hour",
    ),
    pytest.param(
        "[enforcement]\nhides_per_hour = -1\n", 2, "enforcement.hides_per_hour", "greater",
        id="quota below 0",
    ),
    pytest.param(
        '[classifier]\nname = "gpt"\n', 2, "classifier.name", "'auto', 'detoxify' or 'embedded'",
        id="unknown classifier",
    ),
    pytest.param('[log]\nlevel = "loud"\n', 2, "log.level", "'debug'", id="unknown log level"),
    pytest.param(
        '[database]\nurl = "mysql://h/d"\n', 2, "database.url", "must be sqlite",
        id="database of another kind",
    ),
    pytest.param(
        '[database]\nurl = "postgresql://u:secretword@h/d"\n', 2, "database.url", "password",
        id="password in the address",
    ),
    pytest.param('[rules]\nfolder = "../x"\n', 2, "rules.folder", "inside", id="rules elsewhere"),
    pytest.param('[rules]\nfolder = "/etc"\n', 2, "rules.folder", "inside", id="rules in /etc"),
    pytest.param("[web]\nport = 1\nport = 2\n", 3, "web.port", "first on line 2", id="key twice"),
    pytest.param("[web]\n[log]\n[web]\n", 3, "web", "first on line 1", id="table twice"),
    pytest.param(
        '[web]\nport = 1\n[log]\nlevel = "info"\nlevel = "info"', 5, "log.level", "twice",
        id="key twice at the end",
    ),
    pytest.param("[web]\nport = \n", 2, "web.port", "not valid TOML", id="no value"),
    pytest.param("[web]\nport 80\n", 2, "web.port", "not valid TOML", id="no equals sign"),
    pytest.param("[web\nport = 1\n", 1, "web", "not valid TOML", id="open bracket"),
    pytest.param(
        '[web]\nport = 1\nallowed_hosts = [\n"a",\n\n', 3, "web.allowed_hosts", "not valid TOML",
        id="list never closed",
    ),
    pytest.param('a = """\nx\n\n', 1, "a", "not valid TOML", id="text never closed"),
    pytest.param("[web]\nport = 0x\n", 2, "web.port", "not valid TOML", id="half a number"),
    pytest.param("[web]\nport = " + "9" * 5000, 2, "", "too many digits", id="huge number"),
    pytest.param("a = " + "[" * 3000 + "]" * 3000, None, "", "too deeply", id="deep nesting"),
    pytest.param("web:\n  port: 1\n", 1, "web", "not valid TOML", id="YAML"),
    pytest.param('{"web": {}}', 1, "", "not valid TOML", id="JSON"),
    pytest.param("\ufeff[web]\n", 1, "", "not valid TOML", id="byte order mark"),
    pytest.param("[web]\nport = 1\x00\n", 2, "web.port", "not valid TOML", id="NUL"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "line", "key", "says"), SERVICE_FAULTS)
def test_a_fault_in_the_service_file_is_named_with_line_and_key(
    folder: Path, text: str, line: int | None, key: str, says: str
) -> None:
    (folder / SERVICE_FILE).write_text(text, "utf-8")
    error = load_error(folder)
    assert (error.file, error.line, error.key) == (str(folder / SERVICE_FILE), line, key)
    assert says in str(error)
    assert "secretword" not in str(error)


def line_of(needle: str, text: str = POLICY) -> int:
    return text[: text.index(needle)].count("\n") + 1


def changed(old: str, new: str) -> Callable[[], str]:
    assert old in POLICY
    return lambda: POLICY.replace(old, new, 1)


THREAT = POLICY[POLICY.index("[categories.threat]") : POLICY.index("[categories.crisis]")]
POLICY_FAULTS = [
    pytest.param(
        'officials_insult = "review"', 'officials_insult = "allow"', "officials_insult",
        "'hide' or 'review'", id="unknown treatment of insults",
    ),
    pytest.param(THREAT, "", "categories.threat", "is missing", id="category missing"),
    pytest.param(
        "[categories.threat]", "[categories.threats]", "categories.threats", "did you mean threat",
        id="unknown category",
    ),
    pytest.param(
        "[categories.threat]\nreview = 0.7", "[categories.threat]\nreview = 7",
        "categories.threat.review", "less than or equal to 1", id="score over 1",
    ),
    pytest.param(
        "[categories.threat]\nreview = 0.7", "[categories.threat]\nreview = -0.1",
        "categories.threat.review", "greater than or equal to 0", id="score below 0",
    ),
    pytest.param(
        "[categories.threat]\nreview = 0.7", "[categories.threat]", "categories.threat.review",
        "is missing", id="threshold missing",
    ),
    pytest.param(
        "[categories.threat]\nreview = 0.7", "[categories.threat]\nreview = 0.95",
        "categories.threat", "hide must not be less", id="hide below review",
    ),
    pytest.param(
        "[categories.threat]\n", "[categories.threat]\ncolour = 1\n", "categories.threat.colour",
        "unknown key", id="unknown key of a category",
    ),
    pytest.param(
        "may_hide = false # never", "may_hide = true # never", "categories.off_topic.may_hide",
        "False", id="off topic may never hide",
    ),
    pytest.param(
        'officials_insult = "review"', 'officials_insult = "hide"', "officials_insult",
        "nobody has approved it", id="insults of officials hidden unapproved",
    ),
    pytest.param(
        "[approvals.profanity_may_hide]", "[approvals.officials_insult]",
        "categories.profanity.may_hide", "nobody has approved it", id="profanity unapproved",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "key", "says"), POLICY_FAULTS)
def test_a_fault_in_the_policy_file_is_named_with_key(
    folder: Path, old: str, new: str, key: str, says: str
) -> None:
    (folder / POLICY_FILE).write_text(changed(old, new)(), "utf-8")
    error = load_error(folder)
    assert (error.file, error.key) == (str(folder / POLICY_FILE), key)
    assert error.line is not None
    assert says in str(error)


def test_a_missing_key_is_placed_at_its_table(folder: Path) -> None:
    text = changed("[categories.threat]\nreview = 0.7", "[categories.threat]")()
    (folder / POLICY_FILE).write_text(text, "utf-8")
    assert load_error(folder).line == line_of("[categories.threat]")


def test_of_several_faults_the_first_in_the_file_is_told_and_the_others_counted(
    folder: Path,
) -> None:
    (folder / SERVICE_FILE).write_text("[log]\nfoo = 1\n[web]\nbar = 1\nport = 'x'\n", "utf-8")
    error = load_error(folder)
    assert (error.line, error.key) == (2, "log.foo")
    assert "and 2 more" in str(error)


@pytest.mark.parametrize(
    ("name", "spoil", "says", "line"),
    [
        pytest.param(SERVICE_FILE, remove, "cannot be read", None, id="service file missing"),
        pytest.param(POLICY_FILE, remove, "cannot be read", None, id="policy file missing"),
        pytest.param("rules", remove, "cannot be read", None, id="rules missing"),
        pytest.param("rules", folder_instead, "holds no rule files", None, id="no rule files"),
        pytest.param(SERVICE_FILE, folder_instead, "cannot be read", None, id="a folder"),
        pytest.param(POLICY_FILE, pipe_instead, "not a file", None, id="a pipe"),
        pytest.param("rules/x.txt", pipe_instead, "not a file", None, id="a pipe as rules"),
        pytest.param(SERVICE_FILE, too_large, "larger than 1 MB", None, id="service file large"),
        pytest.param(POLICY_FILE, too_large, "larger than 1 MB", None, id="policy file large"),
        pytest.param("rules/x.txt", too_large, "larger than 1 MB", None, id="rule file large"),
        pytest.param(SERVICE_FILE, not_utf8, "not UTF-8", 2, id="service file not UTF-8"),
        pytest.param(POLICY_FILE, not_utf8, "not UTF-8", 2, id="policy file not UTF-8"),
        pytest.param("rules/x.txt", not_utf8, "not UTF-8", 2, id="rule file not UTF-8"),
    ],
)
def test_a_file_that_cannot_be_used_is_named(
    folder: Path, name: str, spoil: Callable[[Path], None], says: str, line: int | None
) -> None:
    spoil(folder / name)
    error = load_error(folder)
    assert (error.file, error.line) == (str(folder / name), line)
    assert says in str(error)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert load_error(tmp_path / "nowhere").file == str(tmp_path / "nowhere")


def test_an_empty_service_file_means_the_shipped_settings(folder: Path) -> None:
    (folder / SERVICE_FILE).write_text("", "utf-8")
    assert load_config(folder).settings == Settings()
    assert load_config(SHIPPED).settings == Settings()


def test_the_shipped_service_file_names_every_setting() -> None:
    lines = KeyLines((SHIPPED / SERVICE_FILE).read_text("utf-8"))
    named = {s.path for s in lines.statements if not s.is_table}
    known = {
        (section, key) for section, values in Settings().model_dump().items() for key in values
    }
    assert named == known


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().web.port = 1  # type: ignore[misc]


def test_the_policy_is_the_file_s(folder: Path) -> None:
    policy = load_config(folder).policy
    assert policy.officials_insult == "review"
    assert set(policy.categories) == set(Category)
    threat = policy.categories[Category.THREAT]
    assert (threat.category, threat.urgent, threat.may_hide) == (Category.THREAT, True, True)
    assert "violence" in threat.clause_text


def test_the_policy_file_knows_every_field_of_the_policy() -> None:
    every = {f.name for f in fields(CategoryPolicy)} - {"category"}
    assert set(OffensiveEntry.model_fields) == every
    of_officials = {"model_review_official", "model_hide_official"}
    assert set(CategoryEntry.model_fields) == every - of_officials
    assert set(PolicyFile.model_fields) == {f.name for f in fields(Policy)} - {"sha256"}


@pytest.mark.parametrize("name", [SERVICE_FILE, POLICY_FILE, "rules/profanity_en.txt"])
def test_the_digest_changes_with_every_file(folder: Path, name: str) -> None:
    before = load_config(folder).sha256
    with (folder / name).open("a") as file:
        file.write("# more\n")
    assert load_config(folder).sha256 != before


def test_the_digest_changes_with_a_name_and_not_with_the_place(
    folder: Path, tmp_path: Path
) -> None:
    before = load_config(folder).sha256
    moved = shutil.copytree(folder, tmp_path / "elsewhere")
    assert load_config(moved).sha256 == before
    (moved / "rules" / "profanity_en.txt").rename(moved / "rules" / "profanity_es.txt")
    assert load_config(moved).sha256 != before


def test_editors_leavings_are_not_rule_files(folder: Path) -> None:
    before = load_config(folder).sha256
    for name in (".profanity_en.txt", "profanity_en.txt~", "profanity_en.txt.swp"):
        (folder / "rules" / name).write_text("x")
    assert load_config(folder).sha256 == before


def test_the_argument_beats_the_environment_and_that_the_default(
    folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    assert choose_folder(folder, {"MODBOT_CONFIG": str(other)}) == folder
    assert choose_folder(None, {"MODBOT_CONFIG": str(other)}) == other
    assert choose_folder(None, {"MODBOT_CONFIG": ""}) == packaged_folder()
    assert (packaged_folder() / SERVICE_FILE).is_file()


def test_init_copies_the_default_configuration(tmp_path: Path) -> None:
    made = tmp_path / "new" / "config"
    files = init_config(made)
    assert made / POLICY_FILE in files
    assert load_config(made).sha256 == load_config(packaged_folder()).sha256


def test_init_writes_over_nothing(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("kept")
    with pytest.raises(BadConfig, match="not empty"):
        init_config(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine"]
    with pytest.raises(BadConfig, match="cannot be written"):
        init_config(tmp_path / "mine")
