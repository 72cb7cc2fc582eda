"""ExperienceEvents: what a phone with Adobe's Mobile SDK sends, and its bytes on the wire.

One module for each sender: lifecycle, places and messaging are extensions of the SDK, commerce and app are the app
itself. Each makes an `ExperienceEvent` (events), and wire makes requests of those. Pure: imports world only. Field
names are XDM's in the spelling that Platform takes: `_id`, `placeContext`, `poiDetail`.
"""
