"""What discovery makes of the output of real hosts: a Debian 11 with two databases, and a plain Debian 12."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from migrate_cases import captured

from citycloud.migrate.discover import parse_host, parse_use
from citycloud.migrate.discover.hide import HIDDEN, hide
from citycloud.migrate.seen import Database, DatabaseServer, SeenHost, Table


@pytest.fixture(scope="module")
def old() -> SeenHost:
    return captured().hosts[0]


@pytest.fixture(scope="module")
def new() -> SeenHost:
    return captured("new-web").hosts[0]


def server(host: SeenHost, engine: str) -> DatabaseServer:
    return next(one for one in host.databases if one.engine == engine)


def database(host: SeenHost, engine: str, name: str) -> Database:
    return next(one for one in server(host, engine).databases if one.name == name)


def table(held: Database, name: str) -> Table:
    return next(one for one in held.tables if one.full_name == name)


def test_nothing_of_the_captured_hosts_was_left_unseen() -> None:
    assert captured().unseen == () and captured("new-web").unseen == ()


def test_the_operating_systems_are_told_apart(old: SeenHost, new: SeenHost) -> None:
    assert old.os is not None and new.os is not None
    assert (old.os.id, old.os.version, old.os.codename) == ("debian", "11", "bullseye")
    assert (new.os.id, new.os.version) == ("debian", "12")
    assert old.os.arch == "x86_64" and old.os.cores == 2 and old.os.memory_mib == 24105
    assert old.os.login["permitrootlogin"] == "yes" and old.os.clock_kept is False


def test_the_clocks_difference_comes_with_how_far_it_may_be_wrong(old: SeenHost) -> None:
    assert old.os is not None
    assert abs(old.os.clock_ahead_seconds) < 300 and old.os.clock_within_seconds >= 1


def test_packages_services_and_ports_are_those_of_the_host(old: SeenHost, new: SeenHost) -> None:
    assert any(one.name == "postgresql-13" and one.arch == "amd64" for one in old.packages)
    assert {"nginx", "mariadb", "cron", "registryd", "ssh"} <= {one.name for one in old.services}
    ports = {(one.port, one.address, one.process) for one in old.ports}
    assert {(80, "*", "nginx"), (3306, "*", "mariadbd"), (5432, "*", "postgres"), (9100, "*", "python3")} <= ports
    assert {one.port for one in new.ports} == {22}


def test_files_systems_are_counted_once_without_what_a_container_mounts(old: SeenHost) -> None:
    assert [one.mount for one in old.filesystems] == ["/"]


def test_accounts_are_told_by_the_kind_of_their_password_only(old: SeenHost) -> None:
    kinds = {one.name: one.password for one in old.users}
    assert (kinds["clerk"], kinds["oldhash"], kinds["fine"], kinds["daemon"]) == (
        "empty",
        "weak-hash",
        "hashed",
        "locked",
    )


def test_cron_jobs_have_owner_schedule_and_place(old: SeenHost) -> None:
    jobs = {one.place: one for one in old.cron}
    assert jobs["/etc/cron.d/alarms:3"].owner == "www-data" and jobs["/etc/cron.d/alarms:3"].schedule == "*/5 * * * *"
    assert jobs["/etc/cron.d/alarms:4"].schedule == "@daily" and jobs["/etc/cron.d/alarms:4"].owner == "root"
    assert jobs["/var/spool/cron/crontabs/www-data:4"].owner == "www-data"


def test_use_is_rates_between_looks(old: SeenHost) -> None:
    assert old.use is not None and len(old.use.samples) == 4 and 11 < old.use.seconds < 25
    assert all(0 < one.cpu_cores < 2 and 50 < one.memory_mib < 300 for one in old.use.samples)


def test_connections_say_who_called_whom_on_which_port() -> None:
    text = (
        '@@ look 1.0\ntcp 0 0 10.0.0.1:5432 10.0.0.9:40000 users:(("postgres",pid=1,fd=2))\n'
        "tcp 0 0 [::ffff:10.0.0.1]:41000 [::ffff:10.0.0.8]:445\n\n"
        '@@ look 6.0\ntcp 0 0 10.0.0.1:5432 10.0.0.9:40001 users:(("postgres",pid=1,fd=3))\n'
    )
    calls = parse_use.connections(text, frozenset({5432}))
    assert [(one.inbound, one.port, one.peer, one.process, one.sightings) for one in calls] == [
        (False, 445, "10.0.0.8", "", 1),
        (True, 5432, "10.0.0.9", "postgres", 2),
    ]


def test_postgresql_is_seen_with_all_that_replication_does_not_carry(old: SeenHost) -> None:
    assert server(old, "postgresql").major == "13"
    held = database(old, "postgresql", "gauges")
    assert (held.encoding, held.collation) == ("UTF8", "zh_CN.UTF-8")
    assert held.large_objects == 2 and held.large_object_bytes > 0
    assert held.enums == ("public.warning_level",) and held.extensions == {"pg_trgm": "1.5"}
    assert not table(held, "public.audit").key and not table(held, "public.visitor").logged
    assert table(held, "public.reading").kind == "partitioned"
    part = table(held, "public.reading_2026")
    assert (part.kind, part.parent, part.rows) == ("partition", "public.reading", 5000)
    assert table(held, "public.station").identity == ("id",) and table(held, "public.station").generated == ("twice",)
    assert table(held, "public.水库").key
    assert {(one.name, one.last, one.owned_by) for one in held.sequences} == {
        ("reading_id_seq", 5000, "public.reading.id"),
        ("station_id_seq", 200, "public.station.id"),
    }


def test_write_rates_are_differences_of_two_looks(old: SeenHost) -> None:
    seen = server(old, "postgresql")
    assert seen.seconds > 10 and seen.commits_per_second > 0 and seen.log_bytes_per_second > 0
    held = database(old, "postgresql", "gauges")
    assert table(held, "public.audit").writes.inserted == pytest.approx(400 / seen.seconds, rel=0.5)
    assert table(held, "public.station").writes.updated > 0 == table(held, "public.station").writes.deleted
    assert server(old, "mariadb").log_bytes_per_second > 0


def test_mariadbs_text_is_told_by_what_its_octets_are(old: SeenHost) -> None:
    held = database(old, "mariadb", "alarms")
    texts = {f"{one.table}.{one.column}": one for one in held.texts}
    assert held.encoding == "gbk"
    hidden, utf8 = texts["building.contact"], texts["utf8_in_latin1.t"]
    assert (hidden.encoding, hidden.beyond_ascii, hidden.as_gbk, hidden.as_utf8) == ("latin1", 2, 2, 0)
    assert (utf8.beyond_ascii, utf8.as_utf8) == (2, 2)
    assert texts["utf8_in_latin1.mixed"].as_utf8 < texts["utf8_in_latin1.mixed"].beyond_ascii


def test_mariadbs_tables_are_told_by_engine_and_key(old: SeenHost) -> None:
    held = database(old, "mariadb", "alarms")
    assert table(held, "building").key and table(held, "building").identity == ("id",)
    assert not table(held, "journal").key and table(held, "journal").generated == ("twice",)
    assert not table(held, "duty_log").logged and table(held, "v").kind == "view"
    assert held.events == 1
    kinds = {role.name: role.password for role in server(old, "mariadb").roles}
    assert kinds["nobody"] == "empty" and kinds["alarms"] == "hashed"


def test_trees_are_counted_and_what_became_dirty_between_the_looks(old: SeenHost) -> None:
    share = next(one for one in old.trees if one.path == "/srv/share")
    assert share.links == 1 and share.others == 1 and share.names_beyond_utf8 >= 1
    assert share.dirty_bytes_per_second > 5000


def test_a_certificate_is_known_to_belong_to_its_key(old: SeenHost) -> None:
    own = next(one for one in old.certificates if one.path == "/etc/ssl/hydro.crt")
    assert own.names == ("192.168.77.12", "hydro.old.example") and own.key_kind == "RSA 1024" and own.self_signed
    keys = {one.path: one for one in old.keys}
    assert keys["/etc/ssl/private/hydro.key"].public_sha256 == own.public_sha256
    assert keys["/etc/ssl/private/hydro.key"].mode == "0644"
    assert keys["/opt/gauges/sealed.key"].kind == "encrypted" and keys["/opt/gauges/sealed.key"].public_sha256 == ""


def test_programs_without_package_or_source_are_found_with_the_addresses_in_them(old: SeenHost) -> None:
    found = {one.path: one for one in old.programs}
    assert found["/opt/gauges/oldtool"].arch == "x86_64" and not found["/opt/gauges/oldtool"].runs
    assert found["/opt/registry/registryd.pyc"].kind == "bytecode" and found["/opt/registry/registryd.pyc"].runs
    assert any(m.file == "/opt/registry/registryd.pyc" and m.address == "192.168.77.12" for m in old.mentions)


def test_addresses_in_configuration_are_listed_with_file_line_and_setting(old: SeenHost) -> None:
    found = {(one.file, one.line, one.address, one.port, one.setting) for one in old.mentions}
    assert ("/opt/gauges/gauges.ini", 3, "192.168.77.12", None, "host") in found
    assert ("/etc/nginx/sites-available/default", 1, "192.168.77.12", 8000, "") in found
    assert not any(one.address == "1.2.3.4" for one in old.mentions), "a version is no address"


def test_no_secret_of_the_host_is_in_the_observation() -> None:
    told = captured().model_dump_json()
    assert "S3cret" not in told
    assert HIDDEN in told, "commands that held one are there all the same"


COMMANDS = (
    "mysqldump -u alarms -pS3cret-x alarms",
    "backup --token=S3cret-x --verbose",
    "backup --password S3cret-x",
    "env PGPASSWORD=S3cret-x psql -h db",
    "curl -u admin:S3cret-x https://a.example",
    "curl -H 'Authorization: Bearer S3cret-x' https://a.example",
    "pg_dump postgresql://gauges:S3cret-x@10.0.0.1/gauges",
    "java -Ddb.password=S3cret-x -jar app.jar",
    'tool --db-passwd="S3cret-x y"',
    "redis-cli --api-key S3cret-x",
)


@pytest.mark.parametrize("command", COMMANDS)
def test_a_secret_in_a_command_is_hidden(command: str) -> None:
    assert "S3cret" not in hide(command) and HIDDEN in hide(command)


@pytest.mark.parametrize(
    "command", ["psql -p 5432 -h db", "mysql -P 3306", "/usr/sbin/nginx -g 'daemon on;'", "sshd -D"]
)
def test_a_command_without_a_secret_stays_as_it_is(command: str) -> None:
    assert hide(command) == command


@given(
    st.from_regex(r"[A-Za-z0-9_+/.!-]{6,30}", fullmatch=True),
    st.sampled_from(("--password={}", "PASSWORD={}", "token: {}")),
)
def test_whatever_the_secret_is_it_is_hidden(secret: str, shape: str) -> None:
    assert secret not in hide(f"run {shape.format('Zq7' + secret)} now")


@given(st.text(max_size=300))
def test_a_parser_given_anything_says_that_it_is_no_such_output_or_makes_something_of_it(text: str) -> None:
    for parse in (parse_host.ports, parse_host.cron, parse_host.services):
        assert isinstance(parse(text), tuple)
    for strict in (parse_host.packages, parse_host.users, parse_host.parts):
        try:
            assert strict(text)
        except ValueError:
            continue
