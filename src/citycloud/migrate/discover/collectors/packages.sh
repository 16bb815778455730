# What is installed, as the package manager knows it.
if command -v dpkg-query >/dev/null; then
  dpkg-query -W -f '${db:Status-Abbrev}\t${Package}\t${Version}\t${Architecture}\n'
elif command -v rpm >/dev/null; then
  rpm -qa --queryformat 'ii \t%{NAME}\t%{VERSION}-%{RELEASE}\t%{ARCH}\n'
else
  echo "neither dpkg nor rpm is here" >&2; exit 3
fi
