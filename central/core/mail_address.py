"""The form of an e-mail address. Whether it reaches anybody is seen only by writing to it."""

import re

EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
