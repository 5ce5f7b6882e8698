"""The wheel is whole: weights, rules, configuration and translations come with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.campaigns

CHECKOUT = Path(__file__).parent.parent


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    environ = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "MODBOT_CONFIG")}
    return subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    done = run(
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        out,
        CHECKOUT,
        cwd=out,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return next(out.glob("*.whl"))


@pytest.fixture(scope="module")
def modbot(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program in a new environment, which borrows this one's libraries but not its modbot."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    [site] = folder.glob("lib/python*/site-packages")
    # Folders named in a .pth file are searched, but their own .pth files (the editable install of
    # the checkout) are not read.
    (site / "libraries.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    done = run(
        sys.executable,
        "-m",
        "pip",
        "--python",
        folder / "bin" / "python",
        "install",
        "--quiet",
        "--no-deps",
        "--ignore-installed",
        wheel,
        cwd=folder,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder / "bin" / "modbot"


def test_an_installed_modbot_judges_from_another_folder(modbot: Path, tmp_path: Path) -> None:
    done = run(modbot, "check", "what the fuck", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert (answer["verdict"], answer["categories"][0]) == ("hide", "profanity")
    assert {"rules", "embedded"} >= {s["source"] for s in answer["signals"]}


def test_an_installed_modbot_runs_its_own_code(modbot: Path, tmp_path: Path) -> None:
    python = modbot.parent / "python"
    done = run(python, "-c", "import modbot; print(modbot.__file__)", cwd=tmp_path)
    assert Path(done.stdout.strip()).is_relative_to(modbot.parent.parent)


def test_config_init_copies_the_configuration_that_ships(modbot: Path, tmp_path: Path) -> None:
    done = run(modbot, "config", "init", "mine", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    ours = {p.relative_to(CHECKOUT / "config") for p in (CHECKOUT / "config").rglob("*.toml")}
    assert {p.relative_to(tmp_path / "mine") for p in tmp_path.rglob("*.toml")} == ours


def test_an_installed_modbot_brings_the_examples_that_rules_are_tried_on(
    modbot: Path, tmp_path: Path
) -> None:
    done = run(modbot, "lint", "rules", "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["innocent_words"] >= 1500


def test_the_wheel_holds_no_tests_and_no_training(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert not [n for n in names if n.startswith(("tests/", "classifiers/training/"))]
    assert [n for n in names if n.startswith("modbot/locale/es/") and n.endswith(".mo")]
