"""One module per Lambda function: what it does, in terms of the ports."""
