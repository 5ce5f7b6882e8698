"""Turns a Detoxify checkpoint into what classifiers.detoxify runs; needs torch, no network."""
