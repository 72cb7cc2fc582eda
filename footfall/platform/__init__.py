"""The local Experience Platform: takes what phones send, judges it, stores it durably, answers as Adobe does.

The core (core, edge, places, validation) is pure: a request and a time go in, a response and events to store come out.
Around it: the store (SQLite), the writer (group commit), the server (loopback only), the read API and its pages.
"""
