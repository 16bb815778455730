"""The root that every host of a machine room is laid over: an old Debian with what all rooms run, made once.

Debian 11 (PostgreSQL 13, MariaDB 10.5, Python 3.9): another major version of everything than what the clouds run.
"""

from __future__ import annotations

from pathlib import Path

from citycloud import proc
from citycloud.lab import cache
from citycloud.lab.rootfs import enter
from citycloud.progress import Progress

RELEASE = "bullseye"
PACKAGES = (
    *("postgresql-13", "python3-psycopg2"),
    *("mariadb-server-10.5", "python3-pymysql"),
    *("gunicorn", "nginx-core", "openssl", "cron", "rsync", "locales"),
)
LOCALES = (("zh_CN", "UTF-8", "zh_CN.UTF-8"), ("zh_CN", "GB18030", "zh_CN.GB18030"))
"""Source, character map and name, as localedef(1) takes them."""
UNITS_OFF = ("postgresql.service", "mariadb.service", "mysql.service", "nginx.service", "cron.service", "rsync.service")
"""Units that Debian's packages enable: each host starts only what it runs."""

# No cluster is made here: a cluster's files have an identity (system identifier), and each host makes its own.
_NO_CLUSTER = "create_main_cluster = false\n"


def home() -> Path:
    """A directory of its own in the cache: the clouds' roots need not wait while this one is made."""
    return cache.home() / "rooms"


def path() -> Path:
    """Where the root is, once it is made."""
    key = cache.key_of(RELEASE, sorted(cache.BASE_PACKAGES), sorted(PACKAGES), LOCALES, UNITS_OFF)
    return home() / f"root-{key}"


def ensure(progress: Progress) -> Path:
    """The root, made if it is not there: 2 to 4 min where everything has to be fetched."""
    return cache.kept("root", path().name.removeprefix("root-"), _build, progress, home())


def _build(root: Path, progress: Progress) -> None:
    with progress.step("machine rooms: an old Debian and its packages (2 to 4 min, once)"):
        cache.debootstrap(root, RELEASE)
        settings = root / "etc/postgresql-common/createcluster.conf"
        settings.parent.mkdir(parents=True)
        settings.write_text(_NO_CLUSTER)
        cache.install(root, PACKAGES, release=RELEASE, within=home())
        for source, charmap, name in LOCALES:
            enter(root, ["localedef", "-i", source, "-f", charmap, name], timeout=120)
        for unit in UNITS_OFF:
            proc.run(["systemctl", f"--root={root}", "disable", "--quiet", unit], timeout=30, check=False)
        cache.strip(root)
