"""Mappings, kept: every version, which one is at work, and how all processes come to know."""
