"""Which public runs are there? The 104, four other grids, and what the paper printed."""
