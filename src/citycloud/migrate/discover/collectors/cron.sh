# What is done by the clock: crontabs by file and line, and systemd's timers.
show() { [ -f "$2" ] && awk -v kind="$1" -v file="$2" -v owner="$3" '{ printf "%s\t%s\t%d\t%s\t%s\n", kind, file, FNR, owner, $0 }' "$2"; }
show system /etc/crontab -
for file in /etc/cron.d/*; do show system "$file" -; done
for file in /var/spool/cron/crontabs/* /var/spool/cron/*; do show user "$file" "${file##*/}"; done
for every in hourly daily weekly monthly; do
  for file in /etc/cron.$every/*; do
    [ -f "$file" ] && ! dpkg -S "$file" >/dev/null 2>&1 && printf 'script\t%s\t1\troot\t@%s %s\n' "$file" "$every" "$file"
  done
done
for unit in /etc/systemd/system/*.timer; do
  [ -f "$unit" ] && when=$(sed -n 's/^On[A-Za-z]*=//p' "$unit" | head -1) &&
    printf 'timer\t%s\t1\troot\t%s\t%s\n' "$unit" "$when" "$(sed -n 's/^ExecStart=//p' "${unit%.timer}.service" 2>/dev/null | head -1)"
done
exit 0
