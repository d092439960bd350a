"""What whoever exports traces has to know of a failure."""


class NotExported(Exception):
    """The spans are lost; the text says why, without the endpoint's credentials."""
