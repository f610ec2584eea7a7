"""What the probes of the built-in tasks are made of."""
