"""Engines by the name of the configuration, and the name that their templates carry: known without loading anything."""

TEMPLATE_NAMES = {"dlib": "dlib-resnet-v1", "sface": "yunet-2023mar+sface-2021dec"}
"""A template of another name cannot be compared. A new network, alignment or mean gets a new name."""

ENGINES = tuple(TEMPLATE_NAMES)
