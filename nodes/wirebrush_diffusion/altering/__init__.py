"""Larger alterations of networks, one a file; see `alterations` for what they have in common."""
