"""Who trains which run, where? Workers, nodes, launching, gathering."""
