"""Flowsheets: columns with recycles, and trains of them."""
