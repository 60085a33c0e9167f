"""Who works when, and where nobody does."""
