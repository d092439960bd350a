"""From a request to a task or job, and to another one when it has died on the way."""
