"""Deliveries, sent."""
