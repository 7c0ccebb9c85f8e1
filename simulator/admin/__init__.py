"""The admin surface below `/_drydock`: what the command line and the dashboard live on."""
