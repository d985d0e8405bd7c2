"""What ComfyUI's `main.py` is started with, said to Wirebrush.

Linked as `main.py` where programs start ComfyUI by its command line (`conformance.py`). Becomes
`wirebrush serve --comfy` with a data folder of its own, every pack of the named folders turned on.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import yaml


def main() -> None:
    options = parsed()
    data = Path(tempfile.mkdtemp(dir=os.environ.get("WIREBRUSH_SCRATCH")))
    arguments = ["--no-browser", "--comfy", "--data", str(data), "--port", str(options.port)]
    arguments += ["--host", options.listen]
    arguments += ["--all-packs-on"]
    if options.cpu:
        arguments += ["--device", "cpu"]
    if options.cache_none:
        arguments += ["--memory-cache", "0", "--disk-cache", "0"]
    for config in options.extra_model_paths_config:
        for folder in packs_of(config):
            arguments += ["--comfy-packs", str(folder)]
    os.execv(sys.executable, [sys.executable, "-m", "wirebrush", "serve", *arguments])


def parsed() -> argparse.Namespace:
    """The flags; where results go, and how many a cache holds, mean nothing here."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8188)
    parser.add_argument("--cpu", action="store_true")
    parser.add_argument("--output-directory")
    parser.add_argument("--extra-model-paths-config", type=Path, action="append", default=[])
    cache = parser.add_mutually_exclusive_group()
    cache.add_argument("--cache-classic", action="store_true")
    cache.add_argument("--cache-lru", type=int, default=0)
    cache.add_argument("--cache-none", action="store_true")
    return parser.parse_args()


def packs_of(config: Path) -> list[Path]:
    """The folders of packs that an `extra_model_paths.yaml` names, relative to it."""
    found: list[Path] = []
    for part in (yaml.safe_load(config.read_text(encoding="utf-8")) or {}).values():
        base = config.parent / part.get("base_path", ".")
        found += [base / line for line in part.get("custom_nodes", "").splitlines() if line]
    return [folder.absolute() for folder in found]


if __name__ == "__main__":
    main()
