"""The queues between the functions: what they carry, and how long a message waits."""
