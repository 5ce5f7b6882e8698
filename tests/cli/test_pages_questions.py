"""`modbot pages add` at a terminal: what it asks, and when it stops asking."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.cli.conftest import Run


def add_at_a_terminal(folder: Path, *answers: str) -> subprocess.CompletedProcess[str]:
    """Types the answers into a terminal that the command reads from."""
    keyboard, terminal = pty.openpty()
    try:
        os.write(keyboard, "".join(f"{answer}\n" for answer in answers).encode())
        return subprocess.run(
            [sys.executable, "-m", "modbot", "--config", folder, "pages", "add", "--json"],
            stdin=terminal,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(terminal)
        os.close(keyboard)


def test_a_wordpress_page_is_added_by_answering_questions(folder: Path) -> None:
    done = add_at_a_terminal(
        folder, "wordpress", "y", "lhs", "Lawrence High", "env:WP", "https://lhs.example.org"
    )
    page = json.loads(done.stdout)
    assert (done.returncode, page["id"], page["mode"]) == (0, "wordpress:lhs", "observe")
    assert page["base_url"] == "https://lhs.example.org"


def test_an_x_page_is_asked_what_x_said_about_government_use(folder: Path, run: Run) -> None:
    said = "X wrote on 3 November that it may; J. Doe"
    done = add_at_a_terminal(folder, "x", "y", "555", "LPS", "env:X", said)
    assert (done.returncode, json.loads(done.stdout)["id"]) == (0, "x:555")
    assert "Enterprise plan" in done.stderr


def test_a_personal_page_is_refused_before_more_is_asked(folder: Path, run: Run) -> None:
    done = add_at_a_terminal(folder, "x", "n")
    assert done.returncode == 2
    assert "a personal page may not" in json.loads(done.stdout)["error"]
    assert "Enterprise" not in done.stderr
    assert run("pages", "list", "--json").json == {"pages": []}
