"""Prompts to conditions: tokenizers, text encoders and language models."""
