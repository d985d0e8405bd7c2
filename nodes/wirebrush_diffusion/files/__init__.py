"""Weights in files: what they hold, how a network is built from them, and writing them."""
