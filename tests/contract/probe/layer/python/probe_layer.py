"""A package that only the layer has."""

GREETING = "from the layer"
