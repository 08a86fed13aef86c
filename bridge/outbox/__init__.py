"""Deliveries, kept."""
