"""AWS for all rooms: clients, refusals, DynamoDB's items, and the fields of AWS's records."""
