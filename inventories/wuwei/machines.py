#!/usr/bin/env python3
"""Wuwei's real machines, for Ansible: ``ansible-inventory -i inventories/wuwei --list``."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PROJECT = HERE.parent.parent
OURS = PROJECT / ".venv" / "bin" / "python"

try:
    from citycloud.drivers.ansible_inventory import main
except ImportError:
    # Ansible, or this script, was started by another Python than the project's.
    if not OURS.exists() or Path(sys.prefix) == PROJECT / ".venv":
        raise
    os.execv(OURS, [str(OURS), __file__, *sys.argv[1:]])  # noqa: S606

sys.exit(main(PROJECT, HERE / "city", sys.argv[1:]))
