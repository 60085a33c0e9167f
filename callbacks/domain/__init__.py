"""What is true of a callback, in plain Python: no database, no clock, no network."""
