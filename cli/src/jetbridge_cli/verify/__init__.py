"""``jetbridge verify``: the acceptance test of a real account.

It deploys the quickstart and Jetbridge, checks them, writes a report and removes everything that it
made. A check is a function in ``checks``. ``checks/__init__.py`` lists all of them.
"""
