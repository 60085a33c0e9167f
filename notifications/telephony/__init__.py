"""The way out to a telephone company, whichever it is."""
