"""Wuwei's real machines, for pyinfra: ``pyinfra inventories/wuwei/pyinfra_machines.py exec -- uptime``."""

from pathlib import Path

from citycloud.drivers.pyinfra_inventory import hosts

_HERE = Path(__file__).resolve().parent

globals().update(hosts(_HERE.parent.parent, _HERE / "city"))
