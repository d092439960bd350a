"""From a request to a task or job, and to the next one if the platform ended the first."""
