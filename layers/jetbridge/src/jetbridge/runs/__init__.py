"""A run: its row, its names in AWS, and the table of all runs."""
