"""What is a run table, and is this one sound? Files, cells, rules, flags."""
