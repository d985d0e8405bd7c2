"""A workflow as a Python script that a person can read, change and run."""
