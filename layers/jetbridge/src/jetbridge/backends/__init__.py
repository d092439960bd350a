"""ECS and AWS Batch: the two that run containers."""
