#!/usr/bin/env bash
# Prepares a bare Debian 12 machine for this project: Debian packages, a virtual environment from the lock file, and
# `dopusk` in it. Quick when there is nothing left to do. Usage: ./setup.sh run|dev
set -euo pipefail
cd "$(dirname "$0")"
kind=${1:-run}

say() { printf '\033[1m[setup]\033[0m %s\n' "$*" >&2; }

debian=(mosquitto openssl fonts-dejavu-core libegl1 libgl1 libxkbcommon0 libxkbcommon-x11-0 libdbus-1-3 libfontconfig1
        libglib2.0-0 libxcb-cursor0 libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-xkb1 libxcb-image0
        libxcb-render-util0 libxcb-randr0 python3-venv)
[ "$kind" = dev ] && debian+=(chromium postgresql softhsm2 libengine-gost-openssl slapd poppler-utils curl tesseract-ocr tesseract-ocr-rus libatomic1 libstdc++6) # the last two: Playwright's driver

say "1/3 Debian packages"
./apt-install.sh "${debian[@]}"

lock=requirements.lock
[ "$kind" = dev ] && lock=requirements-dev.lock
stamp=.venv/.installed-$kind
want=$(sha256sum $lock pyproject.toml dopusk/lab/pyproject.toml | sha256sum | cut -d' ' -f1)
if [ "$(cat $stamp 2>/dev/null)" != "$want" ]; then
  python=python3.11
  command -v $python >/dev/null || python=python3
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { say "Python 3.11 or newer is needed"; exit 1; }
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  say "2/3 installing $(grep -c '==' $lock) Python packages from $lock (checked by hash)"
  .venv/bin/python -m pip install --disable-pip-version-check --no-input --progress-bar off --require-hashes -r $lock 2>&1 |
    awk '/^(Collecting|  Downloading|Installing)/ { n++; printf "\r[setup]     %d steps…", n > "/dev/stderr" } /^ERROR|error:/ { print > "/dev/stderr" }'
  printf '\n' >&2
  say "3/3 installing dopusk itself"
  log=$(mktemp)
  .venv/bin/python -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e . -e ./dopusk/lab >"$log" 2>&1 ||
    { tail -n 20 "$log" >&2; exit 1; }
  echo "$want" >$stamp
else
  say "2/3 Python packages are there"
  say "3/3 dopusk is there"
fi
