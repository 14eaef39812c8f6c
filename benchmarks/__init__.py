"""Measured claims: each module runs a comparison and prints its table."""
