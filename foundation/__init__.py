"""What every room stands on: the clock, the database, numbers, sealed columns, the doorbell, the page frame."""
