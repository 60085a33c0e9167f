"""What is done about calls and texts, one use case a file. Nothing here commits or reads a clock."""
