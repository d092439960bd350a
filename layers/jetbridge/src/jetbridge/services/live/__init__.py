"""Live logs: which run a log stream belongs to, relaying its lines, and the end of it."""
