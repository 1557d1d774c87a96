"""The `dopusk` command and everything that puts the parts together: the one package that may import all others."""

import os

try:
    os.getcwd()
except OSError:
    # Started by another account from a folder that this one may not enter (`runuser` in root's own): libraries ask for it.
    os.chdir("/")
