"""PostgreSQL servers, asked as their owner over their own sockets, in read-only transactions: {"seconds": limit}."""

# ruff: noqa: ANN401, PTH116, PTH118, PTH119, PTH120, PTH207, S608, SIM905, UP031
from __future__ import annotations

import glob
import json
import os
import pwd
import re
import subprocess
import sys
import time
from typing import Any

OPTIONS = "-c default_transaction_read_only=on -c statement_timeout=30000 -c lock_timeout=3000"
SETTINGS = (
    "wal_level max_wal_senders max_replication_slots max_worker_processes ssl TimeZone server_encoding data_directory "
    "listen_addresses max_connections shared_buffers password_encryption archive_mode fsync lc_collate lc_ctype"
).split()
SERVER = """select json_build_object(
 'version', current_setting('server_version'),
 'settings', (select json_object_agg(name, setting) from pg_settings where name = any ('{%s}')),
 'log', case when pg_is_in_recovery() then null else pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') end,
 'commits', (select sum(xact_commit) from pg_stat_database),
 'roles', (select json_agg(json_build_object('name', rolname, 'superuser', rolsuper, 'password',
    case when rolpassword is null then 'none' when rolpassword like 'md5%%' then 'old-hash' else 'hashed' end)
    order by rolname) from pg_authid where rolcanlogin),
 'trusts', (select json_agg(line_number order by line_number) from pg_hba_file_rules
    where auth_method = 'trust' and type like 'host%%'
      and coalesce(address, '') not in ('127.0.0.1', '::1', 'localhost')),
 'hba', current_setting('hba_file'),
 'databases', (select json_agg(datname order by datname) from pg_database where datallowconn and not datistemplate))
""" % ",".join(SETTINGS)
DATABASE = """select json_build_object(
 'name', current_database(),
 'owner', (select pg_get_userbyid(datdba) from pg_database where datname = current_database()),
 'encoding', (select pg_encoding_to_char(encoding) from pg_database where datname = current_database()),
 'collation', (select datcollate from pg_database where datname = current_database()),
 'bytes', pg_database_size(current_database()),
 'large_objects', (select count(*) from pg_largeobject_metadata),
 'large_object_bytes', case when exists (select 1 from pg_largeobject_metadata)
    then pg_total_relation_size('pg_catalog.pg_largeobject') else 0 end,
 'enums', (select json_agg(format('%I.%I', n.nspname, t.typname) order by 1) from pg_type t
    join pg_namespace n on n.oid = t.typnamespace where t.typtype = 'e'),
 'extensions', (select json_object_agg(extname, extversion) from pg_extension where extname <> 'plpgsql'),
 'languages', (select json_agg(lanname order by lanname) from pg_language
    where lanname not in ('internal', 'c', 'sql', 'plpgsql')),
 'routines', (select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname not in ('pg_catalog', 'information_schema')
      and not exists (select 1 from pg_depend d where d.objid = p.oid and d.deptype = 'e')),
 'triggers', (select count(*) from pg_trigger where not tgisinternal))
"""
TABLES = """select coalesce(json_agg(json_build_object(
 'namespace', n.nspname, 'name', c.relname, 'relkind', c.relkind, 'is_partition', c.relispartition,
 'parent', (select format('%s.%s', pn.nspname, pc.relname) from pg_inherits i join pg_class pc on pc.oid = i.inhparent
    join pg_namespace pn on pn.oid = pc.relnamespace where i.inhrelid = c.oid and c.relispartition),
 'logged', c.relpersistence = 'p', 'rows', greatest(c.reltuples, 0)::bigint,
 'bytes', case when c.relkind in ('r', 'm') then pg_total_relation_size(c.oid) else 0 end,
 'key', exists (select 1 from pg_index x where x.indrelid = c.oid and x.indisprimary),
 'replica_identity', c.relreplident,
 'identity', (select json_agg(a.attname order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attidentity <> '' and not a.attisdropped),
 'generated', (select json_agg(a.attname order by a.attnum) from pg_attribute a
    where a.attrelid = c.oid and a.attgenerated <> '' and not a.attisdropped),
 'inserted', coalesce(s.n_tup_ins, 0), 'updated', coalesce(s.n_tup_upd, 0), 'deleted', coalesce(s.n_tup_del, 0))
 order by n.nspname, c.relname), '[]'::json)
from pg_class c join pg_namespace n on n.oid = c.relnamespace left join pg_stat_all_tables s on s.relid = c.oid
where c.relkind in ('r', 'p', 'm', 'f', 'v') and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname !~ '^pg_(toast|temp)'
  and not exists (select 1 from pg_depend d where d.objid = c.oid and d.deptype = 'e')
"""
SEQUENCES = """select coalesce(json_agg(json_build_object('namespace', s.schemaname, 'name', s.sequencename,
 'last', s.last_value, 'owned_by', (select format('%s.%s.%s', tn.nspname, t.relname, a.attname) from pg_depend d
    join pg_class t on t.oid = d.refobjid join pg_namespace tn on tn.oid = t.relnamespace
    join pg_attribute a on a.attrelid = t.oid and a.attnum = d.refobjsubid
    where d.objid = c.oid and d.deptype in ('a', 'i') limit 1)) order by s.schemaname, s.sequencename), '[]'::json)
from pg_sequences s join pg_namespace n on n.nspname = s.schemaname
join pg_class c on c.relnamespace = n.oid and c.relname = s.sequencename and c.relkind = 'S'
"""


def ask(socket: str, port: int, database: str, sql: str) -> Any:
    """The one JSON value that ``sql`` gives. Raises RuntimeError with the server's own words."""
    owner = pwd.getpwuid(os.stat(os.path.join(socket, f".s.PGSQL.{port}")).st_uid).pw_name
    words = ["psql", "-X", "-A", "-t", "-q", "-w", "-h", socket, "-p", str(port), "-U", owner, "-d", database]
    as_owner = ["runuser", "-u", owner, "--", "env"] if os.geteuid() == 0 else ["env"]
    given = [*as_owner, f"PGOPTIONS={OPTIONS}", "PGCONNECT_TIMEOUT=5", "PGCLIENTENCODING=UTF8", *words]
    done = subprocess.run(given, input=sql, capture_output=True, text=True, timeout=60, cwd="/", check=False)
    if done.returncode != 0 or not done.stdout.strip():
        raise RuntimeError(done.stderr.strip()[:500] or "no answer")
    return json.loads(done.stdout)


def server(socket: str, port: int) -> dict[str, Any]:
    found: dict[str, Any] = {"port": port, "at": time.time(), **ask(socket, port, "postgres", SERVER)}
    databases, faults = [], []
    for name in found["databases"] or []:
        try:
            database = ask(socket, port, name, DATABASE)
            database["tables"] = ask(socket, port, name, TABLES)
            database["sequences"] = ask(socket, port, name, SEQUENCES)
            databases.append(database)
        except (RuntimeError, ValueError, subprocess.SubprocessError) as fault:
            faults.append(f"database {name}: {fault}")
    return {**found, "databases": databases, "faults": faults}


def main() -> None:
    servers, faults = [], []
    for path in sorted(glob.glob("/var/run/postgresql/.s.PGSQL.*") + glob.glob("/tmp/.s.PGSQL.*")):  # noqa: S108
        known = re.fullmatch(r"\.s\.PGSQL\.(\d+)", os.path.basename(path))
        if known:
            try:
                servers.append(server(os.path.dirname(path), int(known.group(1))))
            except (RuntimeError, ValueError, OSError, subprocess.SubprocessError) as fault:
                faults.append(f"PostgreSQL on port {known.group(1)}: {fault}")
    print(json.dumps({"servers": servers, "faults": faults}))


if __name__ == "__main__":
    main()
    sys.exit(0)
