"""What can be done to staff and the journal, one subject a file."""
