"""Floor 3, server process: what must survive a crash. Queue, journal, assets, workers."""
