"""Footfall: phones with the Adobe Experience Platform Mobile SDK in them, over real places, with proof of what arrived.

The rooms, and who may import whom, are laid out in pyproject.toml's import-linter contracts: world, xdm, phone,
scenario, engine, evidence and the core of platform are pure (no socket, no clock, no disk); live and cli are the shell.
"""

__version__ = "0.1.0"
