"""Front door 1: the ModelArts REST API. Only here stand ModelArts' own paths, fields and codes."""
