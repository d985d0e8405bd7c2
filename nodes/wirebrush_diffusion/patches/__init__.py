"""Changes of weights that can be taken back exactly: LoRAs and their kin, merges, hooks."""
