"""What does the command line take and answer? Thin: it computes nothing."""
