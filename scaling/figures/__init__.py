"""How does it look? A small function per panel: draws on the axes `ax`, returns it, never fits."""
