# Who may log in. Of a password only its kind is told, never its hash.
kinds=$(awk -F: '
  $2 == ""                      { print $1, "empty"; next }
  $2 ~ /^[!*]/                  { print $1, "locked"; next }
  $2 ~ /^\$1\$/ || $2 !~ /^\$/  { print $1, "weak-hash"; next }
                                { print $1, "hashed" }' /etc/shadow 2>/dev/null)
getent passwd | while IFS=: read -r name _ uid gid _ home shell; do
  kind=$(printf '%s\n' "$kinds" | awk -v n="$name" '$1 == n { print $2; exit }')
  keys=0; [ -r "$home/.ssh/authorized_keys" ] && keys=$(grep -cE '^[^#]*(ssh-|ecdsa-)' "$home/.ssh/authorized_keys")
  printf '%s\t%s\t%s\t%s\t%s\t%s\t%s\n' "$name" "$uid" "$home" "$shell" "${kind:-unseen}" "$keys" "$(id -Gn "$name" 2>/dev/null)"
done
