"""Published and cross-code cases: verification and validation against others."""
