"""Comments judged a second, end to end on one core: `python -m tests.benchmarks.bench_judging`.

Rules, model and policy as shipped, over the corpus and the sandbox's feed. Each repeat starts with
the words that a new process knows and folds every text anew; RE2 has seen the texts once, as in a
service that has run for a while (the first pass of a new process is printed too). The best repeat
counts, in the processor's time; a busy machine is still up to half slower than an idle one. With
alt-profanity-check installed, here or for another Python (--alt-python), its speed is measured on
the same texts.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import chain, cycle, islice
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

from classifiers import Choice, build, embedded_beside
from classifiers.normalise import fold, forget
from classifiers.rules import RulesClassifier
from modbot.domain import Comment, Signal
from modbot.judging import Judge
from modbot.policy import decide
from modbot.ports import Classifier
from modbot.settings import load_config

ROOT = Path(__file__).parents[2]
BAR = 4000  # comments a second over corpus and feed
LONG_CHARACTERS = 167
LONG_TEXTS = 2000
BATCHES = (256, 1)
_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
_TIME = datetime(2026, 1, 1, tzinfo=UTC)

_ALT = """
import json, sys, time
from profanity_check import predict_prob
texts, batches, repeats = json.load(sys.stdin)
predict_prob(texts[:10])
found = {}
for batch in batches:
    some = texts if batch > 1 else texts[:200]
    best = float("inf")
    for _ in range(repeats):
        start = time.process_time()
        for at in range(0, len(some), batch):
            predict_prob(some[at : at + batch])
        best = min(best, time.process_time() - start)
    found[batch] = len(some) / best
print(json.dumps(found))
"""


def corpus_and_feed() -> Iterator[Comment]:
    """Every comment and edit with its post and fundraisers, as the service would judge it."""
    for row in _rows(ROOT / "tests/corpus/dev.jsonl"):
        yield _comment(row["id"], row["comment"], row["post"], row["approved_fundraisers"])
    posts: dict[str, str] = {}
    for row in _rows(ROOT / "platforms/sandbox/feed.jsonl"):
        if row["kind"] == "post":
            posts[row["id"]] = row["text"]
        elif row["kind"] in ("comment", "edit"):
            yield _comment(row["id"], row["text"], posts.get(row["post"], ""), ())


def long_comments(comments: Sequence[Comment]) -> Iterator[Comment]:
    """Texts of LONG_CHARACTERS, cut from the comments one after the other."""
    words = " ".join(comment.text.replace("\n", " ") for comment in comments)
    endless = cycle(words + " ")
    for number in range(LONG_TEXTS):
        text = "".join(islice(endless, LONG_CHARACTERS))
        yield replace(comments[number % len(comments)], text=text)


def main() -> int:
    """Prints the figures; exit status 1 when the bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--alt-python", default=sys.executable, metavar="PATH")
    chosen = parser.parse_args()
    one_core("tests.benchmarks.bench_judging")
    comments = list(corpus_and_feed())
    long = list(long_comments(comments))
    mean = sum(len(comment.text) for comment in comments) / len(comments)
    start = time.process_time()
    judge = shipped_judge()
    _say(f"rules and weights loaded in {time.process_time() - start:.2f} s")
    first = len(comments) / _seconds(lambda: _in_batches(judge, comments, BATCHES[0]))
    _say(f"first pass of a new process, batch {BATCHES[0]}: {first:.0f} comments/s")
    speeds: dict[tuple[str, int], float] = {}
    for name, texts in (("corpus+feed", comments), ("167 characters", long)):
        for batch in BATCHES:
            speed = judging_speed(judge, texts, batch, chosen.repeats)
            speeds[name, batch] = speed
            _say(f"{name:15} batch {batch:3}: {speed:7.0f} comments/s  ({1e6 / speed:4.0f} us)")
    _say(f"corpus+feed: {len(comments)} comments, mean {mean:.0f} characters")
    for name, microseconds in stages(judge, comments, chosen.repeats).items():
        _say(f"  {name:12} {microseconds:6.1f} us a comment")
    _say(f"peak memory {getrusage(RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")
    _compare(long, speeds, chosen.alt_python, chosen.repeats)
    met = speeds["corpus+feed", BATCHES[0]] >= BAR
    _say(f"bar of {BAR} comments/s on corpus+feed: {'met' if met else 'MISSED'}")
    return 0 if met else 1


def judging_speed(judge: Judge, comments: Sequence[Comment], batch: int, repeats: int) -> float:
    """Comments a second: the best of the repeats, in batches of `batch`."""
    _in_batches(judge, comments, batch)
    return len(comments) / min(
        _seconds(partial(_in_batches, _with_empty_caches(judge), comments, batch))
        for _ in range(repeats)
    )


def _in_batches(judge: Judge, comments: Sequence[Comment], batch: int) -> None:
    for at in range(0, len(comments), batch):
        judge.judge(comments[at : at + batch])


def stages(judge: Judge, comments: Sequence[Comment], repeats: int) -> dict[str, float]:
    """Where the time goes in batches of 256: microseconds a comment. Rules and model fold too."""
    rounds = [_stage_seconds(comments, _with_empty_caches(judge)) for _ in range(repeats)]
    return {name: min(each[name] for each in rounds) / len(comments) * 1e6 for name in rounds[0]}


def _stage_seconds(comments: Sequence[Comment], judge: Judge) -> dict[str, float]:
    batches = [comments[at : at + BATCHES[0]] for at in range(0, len(comments), BATCHES[0])]
    signals: list[list[Signal]] = [[] for _ in comments]

    def classify(classifier: Classifier) -> None:
        found = chain.from_iterable(classifier.classify(batch) for batch in batches)
        for all_signals, some in zip(signals, found, strict=True):
            all_signals.extend(some)

    seconds = {"fold": _seconds(lambda: [fold(comment.text) for comment in comments])}
    for classifier in judge.classifiers:
        seconds[classifier.name] = _seconds(partial(classify, classifier))
    seconds["decide"] = _seconds(lambda: [decide(each, judge.policy) for each in signals])
    return seconds


def _compare(
    comments: Sequence[Comment], speeds: dict[tuple[str, int], float], python: str, repeats: int
) -> None:
    texts = [comment.text for comment in comments]
    ran = subprocess.run(
        [python, "-c", _ALT],
        input=json.dumps([texts, BATCHES, repeats]),
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        _say("alt-profanity-check: not installed for this Python, not compared")
        return
    theirs = {int(batch): speed for batch, speed in json.loads(ran.stdout).items()}
    for batch in BATCHES:
        ours = speeds["167 characters", batch]
        _say(
            f"alt-profanity-check, 167 characters, batch {batch:3}: {theirs[batch]:7.0f}"
            f" comments/s; modbot with rules, model and policy {ours / theirs[batch]:.2f}x that"
        )


def shipped_judge() -> Judge:
    """Rules, embedded model and policy as they ship."""
    config = load_config(ROOT / "config")
    return Judge(classifiers=build(Choice(name="embedded"), config.rules_dir), policy=config.policy)


def _with_empty_caches(judge: Judge) -> Judge:
    forget()
    rules, _ = judge.classifiers
    assert isinstance(rules, RulesClassifier)
    return replace(judge, classifiers=(rules, embedded_beside(rules)))


def _seconds(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def _comment(identity: str, text: str, post: str, fundraisers: Sequence[str]) -> Comment:
    return Comment(
        page_id="bench:1",
        platform="bench",
        id=identity,
        post_id="1",
        text=text,
        created_at=_TIME,
        post_text=post,
        approved_fundraisers=tuple(fundraisers),
    )


def one_core(module: str) -> None:
    """Keeps this process to one core. Starts `module` again where need be: numpy reads how many
    threads it may use when it is imported."""
    if not _ONE_THREAD.items() <= os.environ.items():
        arguments = [sys.executable, "-m", module, *sys.argv[1:]]
        os.execve(sys.executable, arguments, {**os.environ, **_ONE_THREAD})
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
