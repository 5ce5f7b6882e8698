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
    lines = (ROOT / "requirements.lock").read_text("utf-8").splitlines()
    pinned = (re.match(r"([\w.-]+)==([^\s;]+)", line) for line in lines)
    return {match[1]: match[2] for match in pinned if match}


def test_it_lists_every_locked_package_in_its_version_and_no_other(sbom: dict[str, Any]) -> None:
    listed = {one["name"]: one["version"] for one in sbom["components"]}
    assert len(listed) > 50
    assert listed == locked()


def test_every_package_has_the_hashes_that_an_installation_insists_on(
    sbom: dict[str, Any],
) -> None:
    lock = (ROOT / "requirements.lock").read_text("utf-8")
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
