"""The error that an exporter of traces raises."""


class NotExported(Exception):
    """The spans are lost. The text says why, without the endpoint's credentials."""
