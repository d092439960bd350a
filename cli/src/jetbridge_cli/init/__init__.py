"""``jetbridge init``: parameters for Jetbridge's stack, from what an account has."""
