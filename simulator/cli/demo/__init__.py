"""`drydock demo`: the main job from nothing to predictions, cleaned up afterwards."""
