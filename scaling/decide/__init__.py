"""What should be decided? Which run to buy next, and what a model costs in the end."""
