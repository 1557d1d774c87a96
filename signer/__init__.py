"""The program at a medic's workplace that holds her key: it signs what the centre asks for, in her session, and nothing else.

It is no part of the centre's or a terminal's process. It listens on the loopback of her computer alone.
"""
