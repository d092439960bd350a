"""Connects each function's service with the AWS adapters that it needs.

There is one module for each function, with the function's name. ``parts`` and ``backends`` have
what several of them share. A function imports only its own module, because every import lengthens a
cold start.
"""
