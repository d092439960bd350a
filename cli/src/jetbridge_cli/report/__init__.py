"""Makes a page about the runs of a stack in a period: one HTML file without a server."""
