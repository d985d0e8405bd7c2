"""Stand-ins for the modules of ComfyUI that packs import, by their names and for packs only."""
