"""The numeric limits of each provider, as data."""
