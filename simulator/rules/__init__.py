"""Rules as data, and the judge that holds a document against them. Knows no vendor, does no I/O."""
