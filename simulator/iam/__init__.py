"""Who is calling: identities, ES256 tokens, AK/SK signatures, identity routes (Keystone v3)."""
