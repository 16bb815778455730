# The units of systemd, one block each; or the scripts of an older init.
if command -v systemctl >/dev/null && systemctl is-system-running >/dev/null 2>&1 || [ -d /run/systemd/system ]; then
  systemctl show '*.service' --no-pager -p Id,ActiveState,SubState,UnitFileState,User,ExecStart,MemoryCurrent
else
  for script in /etc/init.d/*; do [ -x "$script" ] && printf 'Id=%s\nActiveState=unknown\nSubState=unknown\n\n' "${script##*/}"; done
fi
