"""What is true of staff, in plain Python."""
