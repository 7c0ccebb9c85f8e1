"""`drydock doctor`: what of this host will be in the way of a deployment, before there is one."""
