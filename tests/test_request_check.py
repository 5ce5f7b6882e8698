"""A test whose adapter sends what the vendor does not take fails, and so does the run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
A_TEST = """
from modbot.errors import PlatformError
from tests.platforms.broken import broken_adapter
from tests.platforms.graph_sandbox import graph_sandbox

def poll(wrong):
    with graph_sandbox() as sandbox:
        kind = broken_adapter("facebook", "filter(stream).order", wrong, "FacebookAdapter")
        adapter = kind(sandbox.page("facebook"), sandbox.connection("facebook"))
        try:
            adapter.check()
            adapter.fetch_since(None)
        except PlatformError:
            pass

def test_sound():
    poll("filter(stream).live_filter(no_filter).order")

def test_broken():
    poll("filter(everything).order")
"""


def test_the_run_fails_and_ends_with_the_count(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(A_TEST)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *("-p", "tests.request_check", "--rootdir", str(tmp_path), str(tmp_path)),
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "2 passed, 1 error" in done.stdout
    assert "ERROR" in done.stdout and "test_broken" in done.stdout
    assert "published_posts: fields ask wrongly: comments.filter is 'everything'" in done.stdout
    assert "deviations: 1 (facebook" in done.stdout
