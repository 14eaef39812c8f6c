"""What does a chapter of the book compute? The tool never looks in here."""
