"""What do chapters 09 and 10 compute? Single tasks, their noise, their verdicts."""
