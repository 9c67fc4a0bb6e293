"""Other ways to solve the same column, to compare with."""
