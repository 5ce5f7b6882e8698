"""The embedded model, which runs on any server with numpy alone."""

from classifiers.embedded.classifier import EmbeddedClassifier
from classifiers.embedded.weights import SCORED, load_weights, shipped_weights

__all__ = ["SCORED", "EmbeddedClassifier", "load_weights", "shipped_weights"]
