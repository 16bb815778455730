# $1 seconds of measuring, a look every $2: processor, memory, disks, lines, and who is connected to whom.
# In a container /proc tells of the whole machine: there the cgroup's own counters and the processes' shares count.
own=$(echo "${SSH_CONNECTION:-none none}" | awk '{ print $1 ":" $2 }')   # our own connection is none of the host's
contained=no; systemd-detect-virt -cq 2>/dev/null && contained=yes
look() {
  printf '\n@@ look %s\n' "$(cut -d' ' -f1 /proc/uptime)"
  if [ $contained = yes ] && grep -q '^usage_usec ' /sys/fs/cgroup/cpu.stat 2>/dev/null; then
    awk '/^usage_usec /{ print "cpu_usec", $2 }' /sys/fs/cgroup/cpu.stat
  else
    awk -v hz="$(getconf CLK_TCK)" '/^cpu /{ print "cpu_usec", int(($2 + $3 + $4 + $7 + $8 + $9) * 1000000 / hz) }' /proc/stat
  fi
  if [ $contained = yes ]; then
    cat /proc/[0-9]*/smaps_rollup 2>/dev/null | awk '/^Pss:/{ sum += $2 } END { print "memory_kib", sum + 0 }'
  else
    awk '/^MemTotal:/{ total = $2 } /^MemAvailable:/{ free = $2 } END { print "memory_kib", total - free }' /proc/meminfo
  fi
  # a container's /proc/diskstats is the whole machine's
  [ $contained = yes ] || awk '$3 ~ /^(sd[a-z]+|vd[a-z]+|xvd[a-z]+|nvme[0-9]+n[0-9]+)$/{ r += $6; w += $10 } END { print "disk_kib", int(r / 2), int(w / 2) }' /proc/diskstats
  awk -F'[: ]+' 'NR > 2 && $2 != "lo"{ i += $3; o += $11 } END { printf "net_bytes %.0f %.0f\n", i, o }' /proc/net/dev
  ss -Htnp state established 2>/dev/null | grep -vF "$own" | sed 's/^/tcp /'
}
left=$1
look
while [ "$left" -gt 0 ]; do
  step=$2; [ "$left" -lt "$step" ] && step=$left
  sleep "$step"; left=$((left - step)); look
done
