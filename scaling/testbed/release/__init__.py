"""How do published files become the tables of the testbed? Read once, by their maintainer."""
