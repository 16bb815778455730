"""Gaps against 等保 (GB/T 22239-2019, third level): what is seen from a host itself. Never a full assessment (测评)."""

from __future__ import annotations

from collections.abc import Iterator

from citycloud.migrate.assess.concern import Case, Concern, named
from citycloud.migrate.seen import DatabaseServer, SeenHost

IDENTITY, ACCESS, TRANSPORT, SECRECY = "8.1.4.1", "8.1.4.2", "8.1.2.2", "8.1.4.8"
PLAIN_WEB = (80, 8000, 8080, 8888)
TLS_WEB = (443, 8443)
PLAIN_PORTS = {21: "FTP", 23: "telnet", 69: "TFTP", 110: "POP3", 143: "IMAP", 512: "rexec", 513: "rlogin", 514: "rsh"}


def concerns(case: Case) -> Iterator[Concern]:
    for host in case.hosts:
        yield from _accounts(host)
        yield from _transport(host)
        yield from _secrets(host)
        for server in host.databases:
            yield from _server(host, server)


def _accounts(host: SeenHost) -> Iterator[Concern]:
    if empty := [user.name for user in host.users if user.password == "empty"]:  # noqa: S105 (a kind)
        zh, en = f"空口令账户：{named(empty)}", f"accounts with an empty password: {named(empty)}"
        yield Concern("empty-password", "note", host.id, zh, en, "lock them, or give them one", clause=IDENTITY)
    if weak := [user.name for user in host.users if user.password == "weak-hash"]:  # noqa: S105
        zh, en = f"口令散列过弱：{named(weak)}", f"passwords kept with DES or MD5: {named(weak)}"
        yield Concern("weak-hash", "note", host.id, zh, en, "new passwords", clause=IDENTITY)
    roots = [user.name for user in host.users if user.uid == 0]
    if len(roots) > 1:
        zh, en = f"不止一个超级用户：{named(roots)}", f"more than one account is root: {named(roots)}"
        yield Concern("several-roots", "note", host.id, zh, en, "one of them", clause=ACCESS)
    login = host.os.login if host.os else {}
    if login.get("permitrootlogin") == "yes" and login.get("passwordauthentication") == "yes":
        zh, en = "root 可用口令远程登录", "root may log in over SSH with a password"
        yield Concern("root-login", "note", host.id, zh, en, "keys only, at the target", clause=IDENTITY)
    if login.get("permitemptypasswords") == "yes":
        zh, en = "SSH 允许空口令", "SSH lets accounts without a password in"
        yield Concern("empty-login", "note", host.id, zh, en, "PermitEmptyPasswords no", clause=IDENTITY)


def _transport(host: SeenHost) -> Iterator[Concern]:
    served = {one.port: one for one in host.ports if one.protocol == "tcp" and one.reachable}
    plain = [port for port in PLAIN_WEB if port in served]
    if plain and not any(port in served for port in TLS_WEB):
        ports = ", ".join(map(str, plain))
        zh, en = f"网页无 TLS（端口 {ports}）", f"web pages without TLS (port {ports})"
        yield Concern("no-tls", "note", host.id, zh, en, "TLS in front, at the target", clause=TRANSPORT)
    for port, name in PLAIN_PORTS.items():
        if port in served:
            zh, en = f"明文协议 {name}（端口 {port}）", f"{name} on port {port} speaks in the clear"
            yield Concern("clear-protocol", "note", host.id, zh, en, "leave it behind", clause=TRANSPORT)


def _secrets(host: SeenHost) -> Iterator[Concern]:
    if common := [f"{one.file}:{one.line} ({one.setting})" for one in host.secrets if one.common]:
        zh, en = f"默认或常见口令：{named(common)}", f"passwords that everybody tries first: {named(common)}"
        yield Concern("default-password", "note", host.id, zh, en, "new ones at the target", clause=IDENTITY)
    if readable := [f"{one.file}:{one.line} ({one.setting})" for one in host.secrets if one.world_readable]:
        zh, en = f"人人可读的口令：{named(readable)}", f"secrets in files that everybody may read: {named(readable)}"
        yield Concern("readable-secret", "note", host.id, zh, en, "chmod 600, and a new secret", clause=SECRECY)
    if host.secrets:
        zh, en = (
            f"{len(host.secrets)} 处明文口令，将密封带走",
            f"{len(host.secrets)} secrets stand in files: they are carried over sealed",
        )
        yield Concern("clear-secrets", "note", host.id, zh, en, "keep them in a store, at the target", clause=SECRECY)


def _server(host: SeenHost, server: DatabaseServer) -> Iterator[Concern]:
    place = f"{host.id}:{server.port}"
    reachable = any(one.port == server.port and one.reachable for one in host.ports)
    secured = server.settings.get("ssl", server.settings.get("have_ssl", "")).lower() in ("on", "yes")
    if reachable and not secured:
        zh, en = f"{server.engine} 可从别处连接而无 TLS", f"{server.engine} can be reached from elsewhere, without TLS"
        yield Concern("no-tls", "note", place, zh, en, "TLS at the target", clause=TRANSPORT)
    if server.trusts:
        zh, en = (
            f"不验证口令即可远程登录：{named(server.trusts)}",
            f"anyone is let in without a password: {named(server.trusts)}",
        )
        yield Concern("trusts-anyone", "note", place, zh, en, "scram-sha-256, at the target", clause=IDENTITY)
    if empty := [f"{role.name}@{role.host}".rstrip("@") for role in server.roles if role.password == "empty"]:  # noqa: S105
        zh, en = f"数据库空口令账户：{named(empty)}", f"database accounts with an empty password: {named(empty)}"
        yield Concern("empty-password", "note", place, zh, en, "give them one", clause=IDENTITY)
    if old := [role.name for role in server.roles if role.password == "old-hash"]:  # noqa: S105
        zh, en = f"数据库口令散列过旧：{named(old)}", f"database passwords kept with an old hash: {named(old)}"
        yield Concern("weak-hash", "note", place, zh, en, "new passwords, at the target", clause=IDENTITY)
