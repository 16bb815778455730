"""Runs once, in the package root that is being made: writes what stevedore's cache would hold after a first start.

Its file names are digests of the interpreter and of its search path with the directories' times, so each way that our
services are started in needs one: as scripts of /usr/bin, as a module in /opt/citylab, and by uwsgi there.
"""

import os
import sys

from stevedore import _cache

os.chdir("/opt/citylab")
for executable, first in (
    ("/usr/bin/python3", ["/usr/bin"]),
    ("/usr/bin/python3", ["/opt/citylab"]),
    ("/usr/bin/uwsgi-core", [".", ""]),
):
    sys.executable = executable
    _cache.Cache().get_group_all("none", path=(*first, *sys.path[1:]))
