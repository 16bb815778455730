"""``alarms``: fire alarms from buildings. MariaDB 10.5 with old GBK text, a web application without TLS, and cron.

Some columns are GBK as declared, some are declared latin1 and hold GBK octets (the classic mistake: a client that said
``SET NAMES latin1``): to the database they are accented letters, and a plain conversion would spoil them for good. One
table is MyISAM and has no key. The binary log is on (``MIXED``): the nightly backup asked for it once.
"""

from __future__ import annotations

from citycloud.lab.legacy.job import Part
from citycloud.lab.legacy.render import file, program, template
from citycloud.lab.legacy.software.given import Given

ROWS_A_MEBIBYTE = 3500
"""Rows of ``event`` for each MiB of a room's data."""


def db(given: Given) -> Part:
    return Part(
        files=(
            file(
                "/etc/mysql/mariadb.conf.d/60-room.cnf", template("alarms.cnf.j2", address=given.address("alarms-db"))
            ),
            file("/etc/mysql/debian.cnf", "[client]\nuser = root\nsocket = /run/mysqld/mysqld.sock\n", 0o600),
            file("/usr/local/share/alarms/schema.sql", template("alarms-schema.sql.j2")),
            file(
                "/usr/local/share/alarms/seed.sql",
                template(
                    "alarms-seed.sql.j2",
                    seed=given.seed,
                    mebibytes=given.mebibytes,
                    rows=given.mebibytes * ROWS_A_MEBIBYTE,
                ),
            ),
        ),
        units=("mariadb",),
        fill=template("alarms-db-fill.sh.j2", client=given.address("alarms-web"), password=given.password("alarms")),
    )


def web(given: Given) -> Part:
    settings = template("alarms.ini.j2", database=given.address("alarms-db"), password=given.password("alarms"))
    unit = template("gunicorn.service.j2", app="alarms", what="Fire alarms (消防告警)", bind="0.0.0.0:8000")
    return Part(
        files=(
            program("/opt/alarms/alarms.py", "alarms.py"),
            program("/opt/alarms/web.py", "web.py"),
            program("/opt/alarms/summary.py", "summary.py"),
            file("/etc/alarms/alarms.ini", settings, 0o640, "www-data"),
            file("/etc/systemd/system/alarms.service", unit),
            file("/etc/cron.d/alarms", template("alarms.cron.j2")),
        ),
        units=("alarms", "cron"),
        prepare="install -d -o www-data -g www-data /var/lib/alarms\n",
    )
