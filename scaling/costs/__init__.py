"""What does a run cost, and a model in the end? Training and serving, in FLOPs and in money."""
