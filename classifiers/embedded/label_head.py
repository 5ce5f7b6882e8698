"""The scores of LABELS: a small hidden layer over the features, fitted when these stood."""

from __future__ import annotations

import numpy as np

from classifiers.embedded.weights import Vectors, Weights


def label_answers(features: Vectors, weights: Weights) -> Vectors:
    """Windows x LABELS, in one step: what the layers learnt with, and the second head looks at."""
    answers: Vectors = features @ weights.output + weights.output_bias
    return answers


def label_logits(features: Vectors, answers: Vectors, weights: Weights) -> Vectors:
    """Windows x LABELS, before calibration. The files of models before word-cnn-11 have no layer
    for it: there label_answers() are the scores."""
    if not len(weights.label_bias):
        return answers
    inside = np.maximum(features @ weights.label_inputs + weights.label_hidden_bias, 0)
    logits: Vectors = inside @ weights.label_output + weights.label_bias
    return logits
