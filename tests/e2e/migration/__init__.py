"""The amazon provider's own system tests for ECS and Batch, with one import changed."""
