"""What do chapters 11 to 13 compute? What to buy next, and what it would have told."""
