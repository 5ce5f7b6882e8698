"""Trains the embedded model: `python -m classifiers.training --data DIR --out DIR`."""
