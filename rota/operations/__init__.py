"""What can be done to the rota, one subject a file: load, decide in the domain, write, note it in the journal."""
