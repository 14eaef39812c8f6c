"""Which law fits? Records of the laws, and how each is fitted."""
