"""How fast the product is, measured on its real processes; tables, not verdicts."""
