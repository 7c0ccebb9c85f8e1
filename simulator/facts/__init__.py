"""What the documents state, as data. No I/O, no vendor's paths."""
