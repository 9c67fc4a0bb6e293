"""How fast it is, measured with asv."""
