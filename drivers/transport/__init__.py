"""Open lines: the only users of pyserial and pymodbus."""
