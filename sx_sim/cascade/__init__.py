"""What is connected to what: streams, columns, and their results."""
