"""How does it look? One small function per panel: takes an axes, never fits."""
