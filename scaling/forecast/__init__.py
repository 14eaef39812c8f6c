"""What do these runs say of another one? Loss, tasks, verdicts, and how far to trust them."""
