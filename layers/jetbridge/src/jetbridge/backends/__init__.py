"""ECS and AWS Batch: how containers are launched, stopped and described."""
