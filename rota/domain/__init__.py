"""What is true of shifts, cover and presence, in plain Python: `now` is told, nothing is stored."""
