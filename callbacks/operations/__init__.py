"""What is done with a request, one use case a file: load, decide, write. Nothing here commits or reads a clock."""
