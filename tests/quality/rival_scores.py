"""Scores texts by a rival. Run by the rivals' own Python as a file, so it imports nothing of ours.

`rival_scores.py NAME SECONDS` reads a JSON list of texts and prints one `index score` a line until
the texts or the seconds are spent.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator

Scorer = Callable[[list[str]], list[float]]


def alt_profanity_check() -> tuple[int, Scorer]:
    """A probability."""
    from profanity_check import predict_prob  # type: ignore[import-not-found]

    return 256, lambda texts: [float(score) for score in predict_prob(texts)]


def better_profanity() -> tuple[int, Scorer]:
    """Yes or no."""
    from better_profanity import profanity  # type: ignore[import-not-found]

    return 1, lambda texts: [float(profanity.contains_profanity(text)) for text in texts]


def glin_profanity() -> tuple[int, Scorer]:
    """Yes or no, in the three languages that are spoken here."""
    from glin_profanity import Filter  # type: ignore[import-not-found]

    judge = Filter({"languages": ["english", "spanish", "portuguese"]})
    return 1, lambda texts: [float(judge.is_profane(text)) for text in texts]


RIVALS: dict[str, Callable[[], tuple[int, Scorer]]] = {
    "alt-profanity-check": alt_profanity_check,
    "better-profanity": better_profanity,
    "glin-profanity": glin_profanity,
}


def scored(name: str, seconds: float, texts: list[str]) -> Iterator[tuple[int, float]]:
    """Indexes with scores while there is time."""
    at_once, scorer = RIVALS[name]()
    end = time.monotonic() + seconds
    for start in range(0, len(texts), at_once):
        if time.monotonic() >= end:
            return
        yield from enumerate(scorer(texts[start : start + at_once]), start)


def main() -> int:
    """Prints the scores."""
    name, seconds = sys.argv[1], float(sys.argv[2])
    for index, score in scored(name, seconds, json.load(sys.stdin)):
        sys.stdout.write(f"{index} {score!r}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
