"""Staff: how they sign in, what their role lets them do, and the journal of who changed what."""
