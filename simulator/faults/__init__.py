"""Faults that a tester injects: what there are, to whom they happen, and until when."""
