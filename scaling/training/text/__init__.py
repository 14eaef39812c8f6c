"""Which text is trained on? Documents, token files, and walks of known entropy."""
