"""`drydock why`: why a service does not run, from what is kept of it. Pure but for `views`."""
