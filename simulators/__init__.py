"""Simulated devices, lines and camera: a second reading of the manuals. Imports nothing of the product."""
