"""What do I send round? One page of what these runs say, what it costs and what to do next."""
