"""Keeping house."""
