"""Media gathered from where they are published: web pages, video sites, archives, tables, hubs.

Every address is checked before a connection is made, every file appears whole or not at all, and
what became of each item is written in a ledger, so that a download can be stopped and gone on with.
"""
