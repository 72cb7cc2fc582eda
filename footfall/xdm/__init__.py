"""ExperienceEvents: their types, the builders for the ones an app sends, and their bytes on the wire.

Pure: imports world only. Field names are XDM's in the spelling that Platform takes: `_id`, `placeContext`, `poiDetail`.
"""
