"""Where results are kept: memory in front of disk, both bounded by bytes and aware of cost."""
