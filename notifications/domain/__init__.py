"""What became of one call or text, in our words; and every sentence that we speak or send."""
