"""What runs Detoxify's models tells nobody about it, on a machine that could."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.classifiers.detoxify_files import write_word_model
from tests.connect_proxy import connect_proxy
from tests.hook_server import hook_server
from tests.prerequisites import need

pytestmark = pytest.mark.campaigns

# onnxruntime 1.32 sends its first report 9 seconds after it has read a model.
JUDGE = """
import sys, time
from pathlib import Path
from classifiers.detoxify import DetoxifyClassifier
from tests.fakes import make_comment

judge = DetoxifyClassifier(Path(sys.argv[1]))
assert judge.classify([make_comment(text="you moron")]) != [[]]
time.sleep(20)
"""


def test_judging_with_detoxify_opens_no_connection(tmp_path: Path) -> None:
    need("onnx", "onnxruntime", "tokenizers")
    folder = write_word_model(tmp_path / "onnx", {"moron": {"toxicity": 0.9, "insult": 0.8}})
    # In continuous integration onnxruntime is silent anyway.
    alone = {name: value for name, value in os.environ.items() if name != "CI"}
    alone.pop("ORT_DISABLE_TELEMETRY", None)
    with hook_server() as server, connect_proxy(server.port) as proxy:
        command = [sys.executable, "-c", JUDGE, str(folder)]
        subprocess.run(command, env={**alone, "HTTPS_PROXY": proxy.url}, check=True, timeout=120)
    assert proxy.asked == []
