"""Packs that were written for ComfyUI run here: their classes become ordinary nodes.

`IMPORTER` is found through the entry point group `wirebrush.importers`. It is written from
descriptions of how ComfyUI behaves; nothing of ComfyUI is in it.
"""

from wirebrush_comfy.importer import IMPORTER

__all__ = ["IMPORTER"]
