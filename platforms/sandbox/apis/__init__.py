"""What each vendor's API takes, as data: see platforms/sandbox/description.py for how to read it."""
