"""`make release`: what is handed out, whole and signed; `make pin`: the base of the image."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from tests.prerequisites import need

pytestmark = pytest.mark.campaigns

ROOT = Path(__file__).parents[1]
BIN = f"BIN={Path(sys.executable).parent}"
DIGEST = "sha256:" + "5" * 64
PULLED = "sha256:" + "6" * 64
# What docker answers, for want of a registry: `pull` names one thing, `image inspect` the digest.
DOCKER = f"""#!/bin/sh
case "$1" in
  pull) echo {PULLED};;
  image) echo "docker.io/library/python@{DIGEST}";;
  build) echo "built: $*";;
esac
"""


def make(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """make, with the Python of these tests, and without asking PyPI for known weaknesses."""
    environ = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
    return subprocess.run(
        ["make", "-o", ".venv/.dev-ready", "-o", "audit", BIN, *words],
        cwd=cwd,
        env=environ,
        capture_output=True,
        text=True,
        timeout=300,
    )


def new_key(folder: Path, name: str) -> Path:
    """A signing key; beside it NAME.signers, as the publisher makes it known."""
    key = folder / name
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", str(key)]
    subprocess.run(command, check=True)
    public = key.with_suffix(".pub").read_text("utf-8")
    key.with_suffix(".signers").write_text(f"modbot {public}", "utf-8")
    return key


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone of this repository's last commit, in which secrets and drafts lie about."""
    need("git", "ssh-keygen")
    clone = tmp_path_factory.mktemp("release") / "modbot"
    command = ["git", "clone", "--quiet", "--depth=1", f"file://{ROOT}", str(clone)]
    subprocess.run(command, check=True)
    shutil.copy(ROOT / "Makefile", clone)  # also before it is committed
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@lps.example", "-c", "commit.gpgsign=false")
    commit = ["git", *who, "commit", "--quiet", "--all", "--allow-empty", "-m", "x"]
    subprocess.run(commit, cwd=clone, check=True)
    (clone / "deploy/secrets").mkdir()
    (clone / "deploy/secrets/facebook").write_text("token", "utf-8")
    (clone / "modbot/draft.py").write_text("1 / 0", "utf-8")
    return clone


@pytest.fixture(scope="module")
def released(checkout: Path) -> Path:
    key = new_key(checkout.parent, "publisher")
    done = make("release", f"KEY={key}", cwd=checkout)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return checkout / "dist/release"


@pytest.fixture
def received(released: Path, tmp_path: Path) -> Path:
    """A copy of the release, as somebody fetched it."""
    return Path(shutil.copytree(released, tmp_path / "received"))


def verified(received: Path, signers: Path) -> bool:
    done = make("verify-release", f"RELEASE={received}", f"SIGNERS={signers}")
    return done.returncode == 0


@pytest.fixture
def signers(released: Path, checkout: Path) -> Path:
    return checkout.parent / "publisher.signers"


def test_a_release_holds_all_that_an_installation_needs(released: Path) -> None:
    names = {path.name for path in released.iterdir()}
    locks = {"requirements.lock", "requirements-postgres.lock"}
    whole = {*locks, "sbom.json", "SHA256SUMS", "SHA256SUMS.sig"}
    [sdist] = released.glob("modbot-*.tar.gz")
    [wheel] = released.glob("modbot-*-py3-none-any.whl")
    assert names == whole | {sdist.name, wheel.name}
    listed = {line.split()[1] for line in (released / "SHA256SUMS").read_text().splitlines()}
    assert listed == names - {"SHA256SUMS", "SHA256SUMS.sig"}


def pinned(lock: str) -> dict[str, set[str]]:
    """The hashes of each package of a lock, by name and version."""
    lines = (ROOT / lock).read_text("utf-8").replace(" \\\n", " ").splitlines()
    words = (line.split() for line in lines)
    return {first: {w for w in rest if w.startswith("--hash=")} for first, *rest in words}


def test_postgresql_adds_its_driver_to_what_is_locked_and_changes_nothing() -> None:
    service, with_driver = pinned("requirements.lock"), pinned("requirements-postgres.lock")
    assert all(with_driver.values())
    assert service.items() <= with_driver.items()
    added = {package.split("==")[0] for package in with_driver.keys() - service.keys()}
    assert added == {"psycopg", "psycopg-binary"}


def test_a_release_is_the_commit_and_nothing_that_lies_about(released: Path) -> None:
    [sdist] = released.glob("modbot-*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert "modbot/domain.py" in names and "config/policy.toml" in names
    assert not [name for name in names if "secrets" in name or "draft" in name]


def test_the_same_commit_gives_the_same_bytes(released: Path, checkout: Path) -> None:
    first = (released / "SHA256SUMS").read_text("utf-8")
    again = checkout.parent / "again"
    key = checkout.parent / "publisher"
    assert make("release", f"KEY={key}", f"RELEASE={again}", cwd=checkout).returncode == 0
    assert (again / "SHA256SUMS").read_text("utf-8") == first


def test_a_whole_release_is_verified(received: Path, signers: Path) -> None:
    assert verified(received, signers)


def test_a_changed_file_is_found(received: Path, signers: Path) -> None:
    [wheel] = received.glob("*.whl")
    wheel.write_bytes(wheel.read_bytes() + b"x")
    assert not verified(received, signers)


def test_a_missing_file_is_found(received: Path, signers: Path) -> None:
    (received / "sbom.json").unlink()
    assert not verified(received, signers)


def test_a_file_that_was_slipped_in_is_found(received: Path, signers: Path) -> None:
    (received / "modbot-9.0-py3-none-any.whl").write_bytes(b"evil")
    assert not verified(received, signers)


def test_sums_made_anew_are_found(received: Path, signers: Path) -> None:
    (received / "requirements.lock").write_text("evil==1", "utf-8")
    names = [p.name for p in received.iterdir() if not p.name.startswith("SHA256SUMS")]
    sums = subprocess.run(["sha256sum", *names], cwd=received, capture_output=True, check=True)
    (received / "SHA256SUMS").write_bytes(sums.stdout)
    assert not verified(received, signers)


def test_the_signature_of_somebody_else_is_refused(received: Path, tmp_path: Path) -> None:
    stranger = new_key(tmp_path, "stranger")
    assert not verified(received, stranger.with_suffix(".signers"))


def test_without_a_key_nothing_is_released(checkout: Path) -> None:
    done = make("release", cwd=checkout)
    assert done.returncode != 0 and "KEY=FILE" in done.stdout


def test_what_is_not_committed_stops_a_release(checkout: Path) -> None:
    changed = checkout / "README.md"
    was = changed.read_text("utf-8")
    changed.write_text(was + "\n", "utf-8")
    done = make("release", "KEY=whatever", cwd=checkout)
    changed.write_text(was, "utf-8")
    assert done.returncode != 0 and "commit it first" in done.stdout


@pytest.fixture
def docker(tmp_path: Path) -> tuple[str, str]:
    """The words that make `make` take a Dockerfile of ours and a docker that answers ours."""
    program = tmp_path / "docker"
    program.write_text(DOCKER, "utf-8")
    program.chmod(0o755)
    shutil.copy(ROOT / "Dockerfile", tmp_path / "Dockerfile")
    return f"DOCKER={program}", f"DOCKERFILE={tmp_path / 'Dockerfile'}"


def test_pin_puts_the_digest_of_the_base_into_the_dockerfile(
    docker: tuple[str, str], tmp_path: Path
) -> None:
    for _ in range(2):  # the second time over what the first one wrote
        assert make("pin", *docker).returncode == 0
        lines = (tmp_path / "Dockerfile").read_text("utf-8").splitlines()
        assert [x for x in lines if x.startswith("FROM")] == [f"FROM python:3.11-slim@{DIGEST}"]


def test_pin_changes_nothing_where_no_digest_is_told(
    docker: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 0\n", "utf-8")
    before = (tmp_path / "Dockerfile").read_text("utf-8")
    assert make("pin", *docker).returncode != 0
    assert (tmp_path / "Dockerfile").read_text("utf-8") == before


def test_image_is_built_from_a_pinned_base_alone(docker: tuple[str, str], tmp_path: Path) -> None:
    text = (ROOT / "Dockerfile").read_text("utf-8")
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(text.replace("@sha256:", "-"), "utf-8")
    refused = make("image", *docker)
    assert refused.returncode != 0 and "make pin" in refused.stdout
    dockerfile.write_text(f"FROM python:3.11-slim@{DIGEST}\n", "utf-8")
    assert "built:" in make("image", *docker).stdout
