"""The tutor: a pretrained encoder that is taught the written comments, then asked of other texts.

It knows languages that the written comments show little of, and is far too slow and large to serve.
What it answers of texts that nobody labelled, and how it sees them, is what the small model learns
beside the labels.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from classifiers.labels import LABELS, POLICY_LABELS
from classifiers.training.lessons import Opinion
from classifiers.training.network import INSIGHT
from classifiers.training.pretrained import Tokens, read_pretrained
from classifiers.training.teacher import Projection
from classifiers.training.written import WrittenComment

_EPOCHS = 2
_ROWS = 32  # in a batch
_SORTED = 50  # batches whose texts are sorted by length together
_RATE, _OUTPUT_RATE = 1e-4, 1e-3
_LAST_RATE = 0.02  # share of the first rates that is left at the end
_WARM = 0.05  # share of the steps in which the rates rise
_DECAY = 0.01
_LARGEST_STEP = 1.0  # norm of a batch's gradient
_LABEL_WEIGHT = 0.5  # of LABELS beside POLICY_LABELS
_VIEW_SCALE = 4.0  # the encoder's numbers are small
_FIRST_BIAS = -2.0  # most texts breach nothing
_CHARACTERS = 400  # read of a text
_TOKENS_AT_ONCE = 4000
_SAMPLED = 3  # of the comments one in so many shows in which directions its views differ
_REPORTED = 500  # steps between two lines
# Where a processor has no products of these narrow numbers, torch's take six times as long.
_NARROW = any(torch.cpu.get_capabilities().get(sort) for sort in ("amx_bf16", "avx512_bf16"))

Numbers = NDArray[np.float32]


class Tutor:
    """Call it with comments: it learns them. With a folder, what it learnt once is read there."""

    def __init__(self, cache: Path | None, seed: int, report: Callable[[str], None]) -> None:
        self._cache, self._seed, self._report = cache, seed, report

    def __call__(self, comments: Sequence[WrittenComment]) -> Taught:
        """The tutor that has learnt these comments."""
        torch.set_num_threads(1)
        torch.use_deterministic_algorithms(True)
        torch.manual_seed(self._seed)
        pupil = _Pupil()
        kept = self._cache / f"tutor-{_digest(comments)}-{self._seed}.pt" if self._cache else None
        if kept is not None and kept.exists():
            pupil.restore(torch.load(kept, weights_only=True))
        else:
            self._teach(pupil, comments)
            if kept is not None:
                kept.parent.mkdir(parents=True, exist_ok=True)
                torch.save(pupil.learnt(), kept)
        sample = [comment.text for comment in comments[::_SAMPLED]]
        return Taught(pupil, sample, self._report)

    def _teach(self, pupil: _Pupil, comments: Sequence[WrittenComment]) -> None:
        random = np.random.default_rng(self._seed)
        read = pupil.tokenise([comment.text for comment in comments])
        targets = torch.tensor([[*each.policy_targets, *each.label_targets] for each in comments])
        weights = torch.ones_like(targets)
        sure = torch.tensor([each.label_weight for each in comments])
        weights[:, len(POLICY_LABELS) :] = _LABEL_WEIGHT * sure[:, None]
        optimiser = torch.optim.AdamW(
            [
                {"params": pupil.encoder.encoder.parameters(), "lr": _RATE},
                {"params": pupil.output.parameters(), "lr": _OUTPUT_RATE},
            ],
            weight_decay=_DECAY,
        )
        plan = [batch for _ in range(_EPOCHS) for batch in _batches(read, random)]
        steps, warm = len(plan), max(1, int(_WARM * len(plan)))
        schedule = torch.optim.lr_scheduler.LambdaLR(
            optimiser, lambda step: min(1, (step + 1) / warm) * max(_LAST_RATE, 1 - step / steps)
        )
        pupil.learning(True)
        losses: list[float] = []
        for step, chosen in enumerate(plan, 1):
            logits = pupil([read[place] for place in chosen])
            loss = functional.binary_cross_entropy_with_logits(
                logits, targets[chosen], weight=weights[chosen], reduction="sum"
            ) / len(chosen)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(pupil.trained(), _LARGEST_STEP)
            optimiser.step()
            schedule.step()
            losses.append(float(loss.detach()))
            if step % _REPORTED == 0 or step == steps:
                self._report(f"tutor: step {step} of {steps}, loss {np.mean(losses):.4f}")
                losses = []


class Taught:
    """Says what a text breaches and how it sees it: the directions in which its views of `sample`
    differ most."""

    def __init__(self, pupil: _Pupil, sample: Sequence[str], report: Callable[[str], None]) -> None:
        self._pupil, self._report = pupil, report
        pupil.learning(False)
        views = np.zeros((len(sample), pupil.output.in_features), dtype=np.float32)
        for chosen, view, _ in self._seen(sample):
            views[chosen] = view
        self._project = Projection(views, INSIGHT)

    def __call__(self, texts: Sequence[str], name: str) -> Opinion:
        """What it makes of the texts, which are called `name` in the report."""
        answers = np.zeros((len(texts), len(POLICY_LABELS)), dtype=np.float32)
        insights = np.zeros((len(texts), INSIGHT), dtype=np.float16)
        for chosen, view, logits in self._seen(texts):
            answers[chosen] = 1 / (1 + np.exp(-logits[:, : len(POLICY_LABELS)]))
            insights[chosen] = self._project(view)
        self._report(f"tutor: asked of {len(texts)} {name}")
        return Opinion(answers=answers, insights=insights)

    def _seen(self, texts: Sequence[str]) -> Iterator[tuple[list[int], Numbers, Numbers]]:
        """Places of some texts, their views and their logits, until all were seen."""
        read = self._pupil.tokenise([text[:_CHARACTERS] for text in texts])
        for chosen in _of_one_length(read):
            with torch.no_grad():
                view = self._pupil.view([read[place] for place in chosen])
                logits = self._pupil.judged(view)
            yield chosen, view.numpy(), logits.numpy()


class _Pupil:
    """The encoder, and a layer on the mean and the first of what it says of a text's tokens."""

    def __init__(self) -> None:
        self.encoder, self.tokenise, self._pad = read_pretrained()
        self.encoder.embeddings.requires_grad_(False)  # words that nobody wrote stay near theirs
        size = self.encoder.config.hidden_size
        self.output = torch.nn.Linear(2 * size, len(POLICY_LABELS) + len(LABELS))
        torch.nn.init.zeros_(self.output.weight)
        torch.nn.init.constant_(self.output.bias, _FIRST_BIAS)

    def trained(self) -> list[torch.Tensor]:
        """All that learns."""
        return [*self.encoder.encoder.parameters(), *self.output.parameters()]

    def learning(self, on: bool) -> None:
        """With dropout, or without."""
        self.encoder.train(on)

    def learnt(self) -> dict[str, Any]:
        """What restore() takes."""
        return {"encoder": self.encoder.state_dict(), "output": self.output.state_dict()}

    def restore(self, learnt: dict[str, Any]) -> None:
        """Knows what another one has learnt."""
        self.encoder.load_state_dict(learnt["encoder"])
        self.output.load_state_dict(learnt["output"])

    def __call__(self, read: Sequence[Tokens]) -> torch.Tensor:
        """Texts x (POLICY_LABELS, LABELS): logits."""
        return self.judged(self.view(read))

    def view(self, read: Sequence[Tokens]) -> torch.Tensor:
        """Texts x 2 encoder's size: the mean and the first of what it says of the tokens."""
        longest = max(map(len, read))
        padded = [tokens + [self._pad] * (longest - len(tokens)) for tokens in read]
        tokens = torch.tensor(padded)
        real = (tokens != self._pad).long()
        with torch.autocast("cpu", torch.bfloat16, enabled=_NARROW):
            seen: Any = self.encoder(input_ids=tokens, attention_mask=real).last_hidden_state
        seen, real = seen.float(), real[:, :, None]
        mean = (seen * real).sum(1) / real.sum(1)
        return torch.cat([mean, seen[:, 0]], dim=1) * _VIEW_SCALE

    def judged(self, view: torch.Tensor) -> torch.Tensor:
        """Texts x (POLICY_LABELS, LABELS): the logits of a view."""
        found: torch.Tensor = self.output(
            functional.dropout(view, self.encoder.config.hidden_dropout_prob, self.encoder.training)
        )
        return found


def _batches(read: Sequence[Tokens], random: np.random.Generator) -> list[NDArray[np.int64]]:
    """Every text once, beside texts of about its length."""
    order = random.permutation(len(read))
    found = []
    for start in range(0, len(order), _ROWS * _SORTED):
        some = sorted(order[start : start + _ROWS * _SORTED], key=lambda place: len(read[place]))
        found += [np.array(some[at : at + _ROWS]) for at in range(0, len(some), _ROWS)]
    return [found[place] for place in random.permutation(len(found))]


def _of_one_length(read: Sequence[Tokens]) -> Iterator[list[int]]:
    """Every text once, the shortest first, in batches of about as many tokens."""
    batch: list[int] = []
    for place in sorted(range(len(read)), key=lambda place: len(read[place])):
        if batch and (len(batch) + 1) * len(read[place]) > _TOKENS_AT_ONCE:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _digest(comments: Sequence[WrittenComment]) -> str:
    """Of what is learnt, texts and targets, and how."""
    found = hashlib.sha256(repr((_EPOCHS, _ROWS, _SORTED, _RATE, _OUTPUT_RATE, _NARROW)).encode())
    for each in comments:
        known = (each.text, each.policy_targets, each.label_targets, each.label_weight)
        found.update(repr(known).encode("utf-8", "surrogatepass"))
    return found.hexdigest()[:16]
