"""One phone with the Mobile SDK: signals in, effects out, no socket and no clock.

`Phone.feed(now_ms, signal)` is the whole surface. The app in it is a small shop that uses the SDK's Edge, Identity,
Lifecycle and Places extensions as Adobe's tutorials do.
"""
