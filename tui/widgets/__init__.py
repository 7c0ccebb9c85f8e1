"""Pieces of screens. Each shows what it is given and asks for nothing over the network."""
