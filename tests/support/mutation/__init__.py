"""Mutation testing of the rules: each small mistake in a rule must make some check fail."""
