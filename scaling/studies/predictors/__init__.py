"""What do chapters 07 and 08 compute? Candidates, the choice among them, other grids."""
