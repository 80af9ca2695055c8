"""``python -m kpalette``."""

from kpalette.cli import main

if __name__ == "__main__":
    main()
