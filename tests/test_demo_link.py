"""`modbot demo` prints a link that signs in, and needs no account."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from pathlib import Path

import requests


def test_the_demo_prints_a_link_that_signs_in(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "modbot", "demo", "--port", "0", "--data-dir", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        overdue = threading.Timer(60, process.kill)
        overdue.start()
        try:
            assert process.stdout is not None
            told = next(line for line in process.stdout if "The room:" in line)
            link = re.search(r"http://127\.0\.0\.1:\d+/demo/[\w-]{43}", told)
            assert link is not None
            with requests.Session() as browser:
                page = browser.get(link[0], timeout=20)
                assert page.status_code == 200 and "Demo manager" in page.text
                people = browser.get(link[0].partition("/demo/")[0] + "/people", timeout=20)
                assert people.status_code == 403
        finally:
            overdue.cancel()
            process.kill()
