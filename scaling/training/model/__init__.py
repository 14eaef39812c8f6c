"""How is one run trained? Model, loss, batches, steps, checkpoints, evaluation."""
