"""A worker process: `python -m wirebrush.engine '<json>'`."""

from __future__ import annotations

import sys

from wirebrush.engine.worker import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
