"""Local stand-ins of the vendors' HTTP APIs, for the demo and the tests."""
