"""Compares what runs use with what they reserve, and suggests smaller sizes on Fargate."""
