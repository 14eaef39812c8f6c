"""What does a model cost in the end? Training and serving, in FLOPs and in money."""
