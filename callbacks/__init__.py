"""A visitor asks to be rung back, and what becomes of it."""
