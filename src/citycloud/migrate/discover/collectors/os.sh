# What the host is. Reads only; each part begins with "@@ name".
part() { printf '\n@@ %s\n' "$1"; }
part clock; date +%s.%N
part release; cat /etc/os-release 2>/dev/null
part kernel; uname -r; uname -m
part name; hostname -f 2>/dev/null || hostname
part cores; nproc
part memory; grep -E '^(MemTotal|SwapTotal):' /proc/meminfo
part up; cut -d' ' -f1 /proc/uptime
part zone; cat /etc/timezone 2>/dev/null || readlink /etc/localtime
part locale; grep -hE '^LANG=' /etc/default/locale /etc/locale.conf 2>/dev/null | head -1
part virtual; systemd-detect-virt 2>/dev/null
part kept; timedatectl show -p NTPSynchronized --value 2>/dev/null
part addresses; ip -o addr show scope global 2>/dev/null
part disks; df -PkT -x tmpfs -x devtmpfs -x squashfs -x overlay -x efivarfs 2>/dev/null; df -PkT / 2>/dev/null | tail -1
part login; sshd -T 2>/dev/null | grep -E '^(permitrootlogin|passwordauthentication|permitemptypasswords) '
exit 0
