"""`make sbom`: the list of what the service is built from."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.campaigns

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-postgres.lock")  # what a release ships


@pytest.fixture(scope="module")
def sbom(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the target writes, made by the Python that runs the tests."""
    pytest.importorskip("cyclonedx_py", reason="a tool of requirements-dev.lock")
    out = tmp_path_factory.mktemp("sbom") / "below" / "sbom.json"
    python = f"BIN={Path(sys.executable).parent}"
    made = subprocess.run(
        ["make", "-o", ".venv/.dev-ready", "sbom", python, f"SBOM={out}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert made.returncode == 0, made.stderr
    found: dict[str, Any] = json.loads(out.read_text("utf-8"))
    return found


def locked() -> dict[str, str]:
    lines = [line for lock in LOCKS for line in (ROOT / lock).read_text("utf-8").splitlines()]
    pinned = (re.match(r"([\w.-]+)==([^\s;]+)", line) for line in lines)
    return {match[1]: match[2] for match in pinned if match}


def test_it_lists_every_locked_package_in_its_version_and_no_other(sbom: dict[str, Any]) -> None:
    listed = {one["name"]: one["version"] for one in sbom["components"]}
    assert len(listed) > 50 and {"psycopg", "psycopg-binary"} <= listed.keys()
    assert listed == locked()


def test_every_package_has_the_hashes_that_an_installation_insists_on(
    sbom: dict[str, Any],
) -> None:
    lock = "".join((ROOT / lock).read_text("utf-8") for lock in LOCKS)
    for one in sbom["components"]:
        hashes = {h["content"] for ref in one["externalReferences"] for h in ref["hashes"]}
        assert hashes and all(f"sha256:{digest}" in lock for digest in hashes)
        assert one["purl"] == f"pkg:pypi/{one['name']}@{one['version']}"


def test_it_is_of_modbot_in_the_format_that_it_says_and_names_no_place(
    sbom: dict[str, Any],
) -> None:
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    assert sbom["metadata"]["component"]["name"] == "modbot"
    assert "timestamp" not in sbom["metadata"], "the same lock gives the same list"
    assert str(ROOT) not in json.dumps(sbom)


def test_known_weaknesses_are_asked_for_of_the_same_packages() -> None:
    """As far as can be told without PyPI: the file that is handed to the auditor."""
    asked = subprocess.run(
        ["make", "-n", "-o", ".venv-audit/.ready", "audit"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    [lock] = re.findall(r"--requirement (\S+)", asked.stdout)
    pinned = re.findall(r"^([\w.-]+)==([^\s;]+)", (ROOT / lock).read_text("utf-8"), re.M)
    assert dict(pinned) == locked()
