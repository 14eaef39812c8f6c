"""How does a trained model answer tasks? Item by item, through a harness."""
