"""Footfall inside Locust: options, users, leases over master and worker, drain, verdict.

The only room that imports locust (which patches the whole process on import). `install(events)` is called by
locustfile.py and does nothing at import time.
"""
