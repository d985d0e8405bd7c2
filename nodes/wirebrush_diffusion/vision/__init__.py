"""Pictures as conditions: vision encoders."""
