"""What runs use of what they reserve, and which smaller size on Fargate would do."""
