"""onnxruntime, told to report nothing about the machine or the model it runs.

From 1.29 on its builds for Linux send events to Microsoft unless this variable is set before the
library is first loaded (github.com/microsoft/onnxruntime/pull/27379).
"""

from __future__ import annotations

import os
from typing import Any, Final

_NO_REPORTS: Final = "ORT_DISABLE_TELEMETRY"


def onnx_runtime() -> Any:
    """The module onnxruntime; ImportError where it is not installed."""
    forbid_reports()
    import onnxruntime

    return onnxruntime


def forbid_reports() -> None:
    """For what may load onnxruntime by itself, as an export by torch."""
    os.environ[_NO_REPORTS] = "1"
