"""Train a grid of small models: one specification in, one run table out.

The rooms that plan, price and gather a grid need no torch; those that train do.
"""
