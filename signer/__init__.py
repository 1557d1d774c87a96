"""The program at a medic's workplace that holds the medic's key: it signs only what the centre asks for, in this session.

It is no part of the centre's or a terminal's process. It listens on the loopback of the medic's computer only.
"""
