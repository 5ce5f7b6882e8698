"""The comments that were written for the training: see comments/DATASHEET.md."""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from classifiers.labels import CRITICISM, LABELS, POLICY_LABELS

# Where the policy hides, a comment that only a person can judge counts half, as the score should.
HIDEABLE = frozenset({"profanity", "offensive", "sales", "privacy"})
DOUBTFUL = 0.55
_LABEL_WEIGHT = 0.5  # against a public row: what kind of toxic it is was said in passing
KEPT_OUT = 4  # one post in so many, by the hash of its text
_DOUBTFUL_WEIGHT = 0.2


@dataclass(frozen=True, kw_only=True)
class WrittenComment:
    """A comment under a post with what a careful manager would find in it."""

    text: str
    post: str
    lang: str
    action: str
    breaches: frozenset[str]
    tags: frozenset[str]

    @property
    def policy_targets(self) -> tuple[float, ...]:
        """How much of each of POLICY_LABELS is in it, 0 to 1."""
        doubtful = self.action == "review"
        targets = [
            (DOUBTFUL if doubtful and label in HIDEABLE else 1.0) if label in self.breaches else 0.0
            for label in POLICY_LABELS
        ]
        targets[POLICY_LABELS.index(CRITICISM)] = float(CRITICISM in self.tags)
        return tuple(targets)

    @property
    def label_targets(self) -> tuple[float, ...]:
        """The same for LABELS."""
        found = {
            "toxicity": bool(self.breaches & {"profanity", "offensive", "threat"}),
            "obscene": "obscene" in self.tags or "profanity" in self.breaches,
            "sexual": "sexual" in self.tags,
            "threat": "threat" in self.breaches,
            "insult": "insult" in self.tags,
            "identity_attack": "identity_attack" in self.tags,
        }
        return tuple(float(found[label]) for label in LABELS)

    @property
    def kept_out(self) -> bool:
        """Whether the first run does without it: one post in KEPT_OUT with all its comments."""
        return int(hashlib.sha256(self.post.encode("utf-8")).hexdigest(), 16) % KEPT_OUT == 0

    @property
    def label_weight(self) -> float:
        """How much label_targets count; a quotation says nothing of who quotes."""
        if "quoted" in self.tags:
            return 0.0
        return _DOUBTFUL_WEIGHT if self.action == "review" else _LABEL_WEIGHT


def written_comments(folder: Traversable | Path | None = None) -> list[WrittenComment]:
    """All comments of the folder's .jsonl files, each text once."""
    folder = folder or files("classifiers.training") / "comments"
    found: dict[str, WrittenComment] = {}
    for path in sorted(folder.iterdir(), key=lambda path: path.name):
        if path.name.endswith(".jsonl"):
            for comment in comments_of(path):
                found.setdefault(comment.text.casefold(), comment)
    return list(found.values())


def comments_of(file: Traversable | Path) -> Iterator[WrittenComment]:
    """The comments of one file, as they come."""
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        yield WrittenComment(
            text=str(row["comment"]),
            post=str(row["post"]),
            lang=str(row["lang"]),
            action=str(row["action"]),
            breaches=frozenset(_strings(row["labels"])),
            tags=frozenset(_strings(row["tags"])),
        )


def written_texts(names: Sequence[str], folder: Traversable | Path | None = None) -> frozenset[str]:
    """The texts in the folder's files of these names, without capitals: how written_comments()
    knows one again. Raises FileNotFoundError where there is no such file."""
    folder = folder or files("classifiers.training") / "comments"
    return frozenset(
        str(json.loads(line)["comment"]).casefold()
        for name in names
        for line in (folder / f"{name}.jsonl").read_text("utf-8").splitlines()
    )


def _strings(value: object) -> Sequence[str]:
    if not isinstance(value, list):
        raise ValueError(f"not a list: {value!r}")
    return [str(each) for each in value]


def _main() -> None:
    comments = written_comments()
    kinds = {
        "language": Counter(comment.lang for comment in comments),
        "action": Counter(comment.action for comment in comments),
        "label": Counter(breach for comment in comments for breach in sorted(comment.breaches)),
    }
    lines = [f"{len(comments)} comments"]
    for kind, counts in kinds.items():
        lines += [f"{kind:9} {name:20} {count:6}" for name, count in counts.most_common()]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    _main()
