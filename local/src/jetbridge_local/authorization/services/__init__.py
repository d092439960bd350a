"""What each service's operations need, by its page of the service authorization reference."""
