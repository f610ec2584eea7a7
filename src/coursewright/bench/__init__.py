"""Studies: many runs from one short file, and the tables made of them."""
