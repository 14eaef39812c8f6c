"""What shall be trained, and what will it cost? Specification, cells, files that survive."""
