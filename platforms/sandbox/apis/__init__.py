"""What each vendor's API takes, as data; platforms/sandbox/description.py says how to read it."""
