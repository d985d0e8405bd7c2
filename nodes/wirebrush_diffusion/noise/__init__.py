"""Noise levels, the noise itself, and what a network predicts of it."""
