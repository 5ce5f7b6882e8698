"""The figures of docs/quality.md: `python -m tests.quality`, which `make quality` runs."""
