"""Medical devices: domain values, codecs without I/O, one file per device model, and the lines they hang on.

Start reading at `model` (what a device can say), `ports` (what a driver may ask for) and `registry` (who there is).
"""
