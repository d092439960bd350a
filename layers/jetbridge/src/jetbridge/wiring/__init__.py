"""Puts each function's service together with the AWS adapters that it needs.

One module for each function, named as it; ``parts`` and ``backends`` are what several of them
share. A function imports its own module alone, since every import is time of a cold start.
"""
