"""The texts that files carry beside their content: pictures, videos, sounds and models."""
