"""One phone with the Mobile SDK: signals in, effects out, no socket and no clock.

`Phone.feed(now_ms, signal)` is the whole surface. Each extension of the SDK has a file of its own (edge, identity,
consent, lifecycle, places, messaging); around them are the app, a small shop that uses them as Adobe's tutorials do,
and the OS that tells it where the phone is.
"""
