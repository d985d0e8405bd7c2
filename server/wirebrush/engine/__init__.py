"""Floor 3, worker process: runs prompts. Knows no HTTP and no queue."""
