"""What is asked of the network at each step, and what is made of its answers."""
