"""What `make_reference.py` needs to tell of settings and records."""
