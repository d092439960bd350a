"""``jetbridge init``: writes the parameters of Jetbridge's stack from an account's resources."""
