"""What the Alvaria Cloud API takes and answers."""
