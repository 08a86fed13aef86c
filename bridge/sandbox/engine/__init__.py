"""What every operation of the contracts has in common: read, checked, narrowed, projected, kept."""
