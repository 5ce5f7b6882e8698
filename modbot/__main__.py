"""`python -m modbot`."""

from modbot.cli import main

main()
