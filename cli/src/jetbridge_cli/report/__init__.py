"""A page of what ran in a stack in some time: one HTML file without a server."""
