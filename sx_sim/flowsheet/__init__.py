"""Circuits: columns whose products come back, and trains of them."""
