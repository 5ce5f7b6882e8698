"""Whether rules and model load and judge."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from modbot.doctor.findings import Finding, broken, well
from modbot.domain import Comment, Verdict
from modbot.errors import ModbotError
from modbot.service import build_judge
from modbot.settings import Config

SAMPLE = "Thank you for the wonderful concert last night!"


def model(config: Config) -> Finding:
    """Judges one harmless sample as a poll would."""
    comment = Comment(
        page_id="doctor",
        platform="doctor",
        id="sample",
        post_id="sample",
        text=SAMPLE,
        created_at=datetime.now(UTC),
    )
    advice = "see docs/operate.md, Models; `modbot config check` says more"
    try:
        judge = build_judge(config)
        began = time.perf_counter()
        (decision,) = judge.judge([comment])
    except ModbotError as error:
        return broken("model", str(error), advice)
    took = (time.perf_counter() - began) * 1000
    names = ", ".join(f"{name} {version[:24]}" for name, version in judge.models.items())
    if decision.degraded:
        return broken("model", f"{'; '.join(decision.degraded)} ({names})", advice)
    if decision.verdict is not Verdict.ALLOW:
        said = f'it says "{decision.verdict}" of "{SAMPLE}" ({names})'
        return broken("model", said, "a rule or threshold hits far too much: modbot lint rules")
    return well("model", f"{names}; one sample judged in {took:.0f} ms")
