"""Predict large language models from small ones, and know how far to trust it."""
