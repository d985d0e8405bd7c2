"""What ComfyUI's `main.py` is started with, said to Wirebrush.

Linked as `main.py` where programs start ComfyUI by its command line (`conformance.py`). Becomes
`wirebrush serve --comfy` with a data folder of its own, every pack of the named folders turned on.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile


def main() -> None:
    options = parsed()
    data = tempfile.mkdtemp(dir=os.environ.get("WIREBRUSH_SCRATCH"))
    arguments = ["--no-browser", "--comfy", "--data", data, "--port", str(options.port)]
    arguments += ["--host", options.listen, "--all-packs-on"]
    if options.cpu:
        arguments += ["--device", "cpu"]
    if options.cache_none:
        arguments += ["--memory-cache", "0", "--disk-cache", "0"]
    for config in options.extra_model_paths_config:
        arguments += ["--extra-model-paths-config", config]
    os.execv(sys.executable, [sys.executable, "-m", "wirebrush", "serve", *arguments])


def parsed() -> argparse.Namespace:
    """The flags; where results go, and how many a cache holds, mean nothing here."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8188)
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--output-directory")
    parser.add_argument("--extra-model-paths-config", action="append", default=[])
    cache = parser.add_mutually_exclusive_group()
    cache.add_argument("--cache-classic", action="store_true")
    cache.add_argument("--cache-lru", type=int, default=0)
    cache.add_argument("--cache-none", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    main()
