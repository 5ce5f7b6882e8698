"""The files in deploy/: that they say what the program and the metrics really are."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.core import Metric

from modbot import store
from modbot.domain import ActionKind
from modbot.scheduler import STALE_TICKS
from modbot.web.figures import HELP, Figures
from tests.prerequisites import need
from tests.web.school import ALLOWED, open_school, record

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
ENDINGS = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count"), "gauge": ("",)}


@pytest.fixture(scope="module")
def families(tmp_path_factory: pytest.TempPathFactory) -> list[Metric]:
    """The metrics of a service that has something of everything."""
    service = open_school(tmp_path_factory.mktemp("school"))
    record(service, [("thanks", ALLOWED)], action=ActionKind.HIDE)
    with service.database.write() as s:
        store.save_page_state(s, "facebook:1001", usage=0.1)
    found = list(Figures(service).collect())
    service.database.close()
    return found


@pytest.fixture(scope="module")
def labels_of(families: list[Metric]) -> dict[str, set[str]]:
    """The labels of every metric that is exposed, by the names that queries use."""
    names: dict[str, set[str]] = {}
    for family in families:
        for ending in ENDINGS[family.type]:
            of_samples = {label for sample in family.samples for label in sample.labels}
            names[family.name + ending] = of_samples | set(family._labelnames)  # type: ignore[attr-defined]
    return names


def dashboard_queries() -> list[str]:
    board = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load((DEPLOY / "alerts.yml").read_text("utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


QUERIES = [*dashboard_queries(), *(rule["expr"] for rule in rules())]
OF_PROMETHEUS = {"instance", "job", "le"}


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_asks_for_metrics_and_labels_that_there_are(
    query: str, labels_of: dict[str, set[str]]
) -> None:
    named = set(re.findall(r"\bmodbot_\w+", query))
    assert named <= set(labels_of)
    known = OF_PROMETHEUS.union(*(labels_of[name] for name in named)) if named else OF_PROMETHEUS
    asked = re.findall(r"(?:by|on|group_left) ?\(([\w, ]*)\)", query)
    asked += [",".join(re.findall(r"(\w+)=~?\"", part)) for part in re.findall(r"{(.*?)}", query)]
    labels = {label for part in asked for label in part.replace(" ", "").split(",") if label}
    assert labels <= known
    assert query.count("(") == query.count(")") and query.count("{") == query.count("}")


def test_every_metric_is_described_and_each_is_watched_or_drawn(
    labels_of: dict[str, set[str]],
) -> None:
    assert len(labels_of) >= len(HELP)
    used = set(re.findall(r"\bmodbot_\w+", " ".join(QUERIES)))
    of_histograms = {name for name in labels_of if name.endswith(("_sum", "_count", "_bucket"))}
    assert set(labels_of) - used - of_histograms == set()


def test_a_late_page_and_a_dead_scheduler_ring_and_each_rule_says_what_to_do() -> None:
    by_name = {rule["alert"]: rule for rule in rules()}
    assert len(by_name) == len(rules())
    assert {"ModbotDown", "ModbotPageLate", "ModbotNoPageRead", "ModbotWatched"} <= set(by_name)
    assert all(rule["annotations"]["todo"] for rule in rules())
    assert "3 * modbot_polling_max_seconds" in by_name["ModbotPageLate"]["expr"]


def test_the_dashboard_has_room_for_every_panel_once() -> None:
    board = json.loads((DEPLOY / "grafana.json").read_text("utf-8"))
    cells = [
        (x, y)
        for panel in board["panels"]
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def unit() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in (DEPLOY / "modbot.service").read_text("utf-8").splitlines():
        name, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def test_the_unit_starts_the_service_again_unless_its_configuration_is_broken() -> None:
    settings = unit()
    assert settings["Restart"] == ["always"] and settings["StartLimitIntervalSec"] == ["0"]
    assert settings["RestartPreventExitStatus"] == ["78"]
    assert settings["ExecStart"][0].endswith("/modbot run --config /etc/modbot")


def test_the_unit_waits_for_a_long_start_and_kills_what_gives_no_sign_of_life() -> None:
    settings = unit()
    assert settings["Type"] == ["notify"] and settings["TimeoutStartSec"] == ["infinity"]
    assert int(settings["WatchdogSec"][0]) > 10 * STALE_TICKS
    assert settings["WatchdogSignal"] == ["SIGKILL"]


def test_no_dump_of_memory_is_written_where_tokens_are() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["modbot"]
    assert unit()["LimitCORE"] == ["1"] and service["ulimits"] == {"core": 1}


def test_systemd_understands_the_unit_and_finds_it_hardened(tmp_path: Path) -> None:
    need("systemd")
    text = (DEPLOY / "modbot.service").read_text("utf-8")
    there = tmp_path / "modbot.service"
    there.write_text(text.replace("/opt/modbot/.venv/bin/modbot", "/bin/true"))
    verified = subprocess.run(
        ["systemd-analyze", "verify", there.name], cwd=tmp_path, capture_output=True, text=True
    )
    assert (verified.returncode, verified.stderr) == (0, "")
    security = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--threshold=15", there.name],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert security.returncode == 0, security.stdout[-200:]  # exposure of 1.5 of 10 at most


def test_the_compose_file_fits_the_image() -> None:
    service = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))["services"]["modbot"]
    image = (ROOT / "Dockerfile").read_text("utf-8")
    volume = re.search(r"^VOLUME (\S+)", image, re.MULTILINE)
    port = re.search(r"^EXPOSE (\d+)", image, re.MULTILINE)
    user = re.search(r"--uid (\d+)", image)
    assert volume and port and user
    assert f"data:{volume[1]}" in service["volumes"]
    assert service["ports"] == [f"127.0.0.1:{port[1]}:{port[1]}"]
    assert {secret["uid"] for secret in service["secrets"]} == {user[1]}
    assert (DEPLOY / service["build"] / "Dockerfile").resolve() == ROOT / "Dockerfile"
    folder = service["environment"]["MODBOT_CONFIG"]
    assert f"./config:{folder}:ro" in service["volumes"]
    assert (service["restart"], service["read_only"], service["cap_drop"]) == (
        "always",
        True,
        ["ALL"],
    )


def test_what_lies_beside_the_compose_file_never_gets_to_the_builder() -> None:
    """Its build context is the whole folder above: secrets and configuration lie in it."""
    left_out = (ROOT / ".dockerignore").read_text("utf-8").split()
    assert DEPLOY.name in left_out
    copied = re.findall(r"^COPY (.+) \S+$", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert copied and "." not in " ".join(copied).split()


def test_litestream_copies_the_database_of_the_unit() -> None:
    (database,) = yaml.safe_load((DEPLOY / "litestream.yml").read_text("utf-8"))["dbs"]
    assert database["path"] == f"{unit()['WorkingDirectory'][0]}/modbot.db"
