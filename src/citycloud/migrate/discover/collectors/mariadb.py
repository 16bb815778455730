"""A MariaDB server, asked as root over its own socket, in read-only sessions: {"seconds": limit, "texts": bool}."""

# ruff: noqa: PTH110, S608, SIM905
from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from typing import Any

OURS = "('mysql', 'information_schema', 'performance_schema', 'sys')"
SETTINGS = (
    "log_bin binlog_format binlog_row_image server_id gtid_strict_mode time_zone system_time_zone have_ssl ssl_cert "
    "character_set_server collation_server sql_mode datadir bind_address max_connections innodb_buffer_pool_size "
    "sync_binlog innodb_flush_log_at_trx_commit lower_case_table_names event_scheduler expire_logs_days"
).split()
STATUS = ("Com_commit", "Handler_commit", "Binlog_bytes_written", "Innodb_os_log_written", "Innodb_rows_inserted",
          "Innodb_rows_updated", "Innodb_rows_deleted", "Uptime")  # fmt: skip
MOST_COLUMNS, ROWS, CHARACTERS = 300, 500, 200
"""How much text is looked at; what was read stays here, and only counts are told."""
DATABASES = f"""select json_object('name', s.schema_name, 'encoding', s.default_character_set_name,
 'collation', s.default_collation_name,
 'bytes', (select coalesce(sum(data_length + index_length), 0) from information_schema.tables t
    where t.table_schema = s.schema_name),
 'routines', (select count(*) from information_schema.routines r where r.routine_schema = s.schema_name),
 'triggers', (select count(*) from information_schema.triggers g where g.trigger_schema = s.schema_name),
 'events', (select count(*) from information_schema.events e where e.event_schema = s.schema_name))
from information_schema.schemata s where s.schema_name not in {OURS} order by s.schema_name"""
TABLES = f"""select json_object('database', t.table_schema, 'name', t.table_name, 'type', t.table_type,
 'storage', t.engine,
 'rows', t.table_rows, 'bytes', t.data_length + t.index_length, 'encoding', c.character_set_name,
 'partitioned', t.create_options like '%partitioned%',
 'key', exists (select 1 from information_schema.table_constraints k where k.table_schema = t.table_schema
    and k.table_name = t.table_name and k.constraint_type = 'PRIMARY KEY'),
 'identity', (select group_concat(column_name) from information_schema.columns i where i.table_schema = t.table_schema
    and i.table_name = t.table_name and i.extra like '%auto_increment%'),
 'generated', (select group_concat(column_name) from information_schema.columns i where i.table_schema = t.table_schema
    and i.table_name = t.table_name and i.extra like '%GENERATED%'))
from information_schema.tables t left join information_schema.collation_character_set_applicability c
 on c.collation_name = t.table_collation
where t.table_schema not in {OURS} order by t.table_schema, t.table_name"""
ROLES = """select json_object('name', user, 'host', host, 'superuser', super_priv = 'Y',
 'password', case when plugin in ('unix_socket', 'auth_socket') or authentication_string = 'invalid' then 'none'
   when coalesce(authentication_string, password, '') = '' then 'empty'
   when plugin = 'mysql_old_password' or length(coalesce(nullif(authentication_string, ''), password)) = 16
   then 'old-hash'
   else 'hashed' end)
from mysql.user where user <> 'mariadb.sys' order by user, host"""
COLUMNS = f"""select json_object('database', table_schema, 'table', table_name, 'column', column_name,
 'encoding', character_set_name) from information_schema.columns
where table_schema not in {OURS} and character_set_name is not null and character_set_name not like 'utf8%'
order by table_schema, table_name, ordinal_position limit {MOST_COLUMNS}"""


def client() -> str:
    return shutil.which("mariadb") or shutil.which("mysql") or ""


def ask(sql: str) -> list[str]:
    """The lines of the answer. Raises RuntimeError with the server's own words."""
    first = "set session tx_read_only=1, max_statement_time=30"
    words = [
        client(),
        "-N",
        "-B",
        "-r",
        "--default-character-set=utf8mb4",
        "--connect-timeout=5",
        f"--init-command={first}",
    ]
    done = subprocess.run(words, input=sql, capture_output=True, text=True, timeout=90, check=False)
    if done.returncode != 0:
        raise RuntimeError(done.stderr.strip()[:500] or "no answer")
    return done.stdout.splitlines()


def rows(sql: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ask(sql)]


def pairs(sql: str) -> dict[str, str]:
    return dict(line.partition("\t")[::2] for line in ask(sql))


def valid(held: bytes, encoding: str) -> bool:
    try:
        held.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def looks(values: list[bytes]) -> dict[str, int]:
    """How many values hold bytes beyond ASCII, and what those are valid as."""
    beyond = [value for value in values if any(byte > 127 for byte in value)]
    return {
        "sampled": len(values),
        "beyond_ascii": len(beyond),
        "as_utf8": sum(valid(value, "utf-8") for value in beyond),
        "as_gbk": sum(valid(value, "gbk") for value in beyond),
    }


def quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def texts(until: float) -> tuple[list[dict[str, Any]], list[str]]:
    found, faults = [], []
    for column in rows(COLUMNS):
        if time.time() > until:
            faults.append("not every text column was looked at: out of time")
            break
        name = quoted(column["column"])
        sql = f"select hex({name}) from {quoted(column['database'])}.{quoted(column['table'])} "
        try:
            held = ask(f"{sql} where {name} <> '' limit {ROWS}")
        except (RuntimeError, subprocess.SubprocessError) as fault:
            faults.append(f"{column['table']}.{column['column']}: {fault}")
            continue
        found.append({**column, **looks([bytes.fromhex(one[: CHARACTERS * 2]) for one in held if one != "NULL"])})
    return found, faults


def server(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"at": time.time(), "version": ask("select version()")[0]}
    found["settings"] = pairs(f"show global variables where variable_name in {tuple(SETTINGS)}")
    found["status"] = pairs(f"show global status where variable_name in {STATUS}")
    found["port"] = int(ask("select @@port")[0])
    found["databases"], found["tables"], found["roles"] = rows(DATABASES), rows(TABLES), rows(ROLES)
    found["texts"], found["faults"] = texts(time.time() + given["seconds"]) if given["texts"] else ([], [])
    return found


def main(given: dict[str, Any]) -> None:
    sockets = ("/run/mysqld/mysqld.sock", "/var/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock")
    servers, faults = [], []
    if client() and any(os.path.exists(path) for path in sockets):
        try:
            servers.append(server(given))
        except (RuntimeError, ValueError, OSError, subprocess.SubprocessError) as fault:
            faults.append(f"MariaDB: {fault}")
    print(json.dumps({"servers": servers, "faults": faults}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
