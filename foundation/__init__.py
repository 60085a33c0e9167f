"""What every room stands on: the clock, the database, telephone numbers, sealed columns, the doorbell and the page frame."""
