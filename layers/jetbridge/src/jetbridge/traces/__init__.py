"""A run's spans, and their export by OpenTelemetry's protocol."""
