"""What do chapters 03 to 06 compute? Over-training, runs left out, other text."""
