"""Arithmetic on pictures and masks."""
