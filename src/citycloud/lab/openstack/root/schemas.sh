# Runs once, in the package root that is being made. Grants are off, so nothing here has a password.
socket=/run/mysqld/mysqld.sock
address="mysql+pymysql://root@localhost/%s?charset=utf8&unix_socket=$socket"
work=$(mktemp -d)
chmod 755 "$work"
install -d -o mysql -g mysql -m 755 /run/mysqld /var/lib/mysql
install -d -o mysql -g adm -m 755 /var/log/mysql
install -d -m 1777 /run/lock
mariadb-install-db --user=mysql --skip-test-db >/dev/null
mariadbd --user=mysql --skip-grant-tables --skip-networking --innodb-flush-log-at-trx-commit=0 --innodb-doublewrite=0 \
    --innodb-log-file-size=32M --character-set-server=utf8 --collation-server=utf8_general_ci \
    >"$work/mariadb.log" 2>&1 &
for _ in $(seq 100); do
    [ -S $socket ] && break
    sleep 0.2
done
for schema in keystone glance placement nova nova_api nova_cell0 neutron cinder; do
    echo "CREATE DATABASE $schema CHARACTER SET utf8 COLLATE utf8_general_ci;"
done | mariadb

connection() { printf "connection = $address\n" "$1"; }
for service in keystone glance placement nova neutron cinder; do
    section=database
    [ $service = placement ] && section=placement_database
    { printf '[DEFAULT]\nlog_file = %s\n[%s]\n' "$work/$service.log" $section; connection $service; } >"$work/$service.conf"
done
{ echo '[api_database]'; connection nova_api; } >>"$work/nova.conf"
sed -i '1a transport_url = rabbit://nobody:none@127.0.0.1:5672/' "$work/nova.conf"
printf '[DEFAULT]\ncore_plugin = ml2\n' >>"$work/neutron.conf"

nova="nova-manage --config-file $work/nova.conf"
# Nova fills these in from its own configuration when it uses a cell, so that no password is kept here.
database='{scheme}://{username}:{password}@{hostname}'
sync_nova() {
    $nova api_db sync
    $nova cell_v2 map_cell0 --database_connection "$database/nova_cell0?{query}"
    $nova cell_v2 create_cell --name cell1 --database_connection "$database/{path}?{query}" \
        --transport-url '{scheme}://{username}:{password}@{hostname}:{port}/{path}?{query}'
    for _ in nova nova_cell0; do
        $nova db sync --local_cell
        sed -i 's#localhost/nova?#localhost/nova_cell0?#' "$work/nova.conf"
    done
}
sync_others() {
    keystone-manage --config-file "$work/keystone.conf" db_sync
    glance-manage --config-file "$work/glance.conf" db_sync
    placement-manage --config-file "$work/placement.conf" db sync
    cinder-manage --config-file "$work/cinder.conf" db sync
}
jobs=()
(set -e; sync_nova) & jobs+=($!)
(set -e; sync_others) & jobs+=($!)
neutron-db-manage --config-file "$work/neutron.conf" upgrade head >/dev/null & jobs+=($!)
for job in "${jobs[@]}"; do wait "$job"; done
echo "SHUTDOWN;" | mariadb
wait
rm -rf "$work" /root/.cache
