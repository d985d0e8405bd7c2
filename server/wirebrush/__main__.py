"""`python -m wirebrush`: the command line."""

import sys

from wirebrush.cli.main import main as main

if __name__ == "__main__":
    sys.exit(main())
