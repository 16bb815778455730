"""``gauges``: water levels from the city's stations. PostgreSQL, a web application behind TLS, and a file share.

What a move has to see: the application's configuration names both other hosts by address; the cluster has
``wal_level = replica`` (logical replication takes a restart first), collation zh_CN.UTF-8, and of everything that
logical replication does not carry some: sequences, large objects, a table without a key, an unlogged one.
"""

from __future__ import annotations

from citycloud.lab.legacy.job import Part
from citycloud.lab.legacy.render import file, program, template
from citycloud.lab.legacy.software.given import Given

ROWS_A_MEBIBYTE = 5500
"""Rows of ``reading`` for each MiB that a room is asked to hold: with their index, 180 octets a row."""
SCAN_KIBIBYTES = 128
"""Size of each large object; one for every MiB of a room's data."""
SHARE_PORT = 8080


def db(given: Given) -> Part:
    settings = template("gauges-postgresql.conf.j2", address=given.address("gauges-db"))
    access = f"host gauges gauges {given.address('gauges-web')}/32 md5\n"
    schema = template("gauges-schema.sql.j2")
    fill = template(
        "gauges-seed.sql.j2",
        seed=given.seed,
        mebibytes=given.mebibytes,
        rows=given.mebibytes * ROWS_A_MEBIBYTE,
        scan_bytes=SCAN_KIBIBYTES * 1024,
    )
    return Part(
        files=(
            file("/usr/local/share/gauges/room.conf", settings),
            file("/usr/local/share/gauges/hba.conf", access),
            file("/usr/local/share/gauges/schema.sql", schema),
            file("/usr/local/share/gauges/seed.sql", fill),
        ),
        units=("postgresql",),
        prepare=template("gauges-db-prepare.sh.j2"),
        fill=template("gauges-db-fill.sh.j2", password=given.password("gauges")),
    )


def web(given: Given) -> Part:
    settings = template(
        "gauges.ini.j2",
        database=given.address("gauges-db"),
        password=given.password("gauges"),
        share=f"http://{given.address('gauges-files')}:{SHARE_PORT}/uploads/",
    )
    unit = template("gunicorn.service.j2", app="gauges", what="Water levels (水情)", bind="127.0.0.1:8000")
    pem = given.pem.decode()
    return Part(
        files=(
            program("/opt/gauges/gauges.py", "gauges.py"),
            program("/opt/gauges/web.py", "web.py"),
            file("/etc/gauges/gauges.ini", settings, 0o640, "www-data"),
            file("/etc/systemd/system/gauges.service", unit),
            file("/etc/nginx/conf.d/gauges.conf", template("gauges-nginx.conf.j2")),
            file("/etc/ssl/private/gauges.pem", pem, 0o640),
        ),
        units=("gauges", "nginx"),
        prepare="rm -f /etc/nginx/sites-enabled/default\n",
    )


def files(given: Given) -> Part:
    conf = template("gauges-files-nginx.conf.j2", port=SHARE_PORT, writer=given.address("gauges-web"))
    return Part(
        files=(
            file("/etc/nginx/conf.d/share.conf", conf),
            program("/usr/local/share/gauges/share.py", "share.py"),
        ),
        units=("nginx",),
        prepare="rm -f /etc/nginx/sites-enabled/default\ninstall -d -o www-data -g www-data /srv/share\n",
        fill=f"python3 /usr/local/share/gauges/share.py /srv/share {given.seed} {given.mebibytes}\n",
    )
