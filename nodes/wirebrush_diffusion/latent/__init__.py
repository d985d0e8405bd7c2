"""Latent spaces and arithmetic in them."""
