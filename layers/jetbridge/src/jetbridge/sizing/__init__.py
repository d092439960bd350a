"""Which size is enough for what runs used: the advice that `jetbridge show` and `report` give, and
that outcomes carry where the stack's parameter SizeAdvice is on."""
