"""``python -m kpalette``."""

from kpalette.cli import main

main()
