"""The test bench: a private server for tests, strategies for requests, conformance.

Importing this package loads nothing: pytest does so in every project that has Drydock installed.
"""
