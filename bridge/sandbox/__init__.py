"""A stand-in for Alvaria Cloud: its own program, which imports no code of the bridge."""
