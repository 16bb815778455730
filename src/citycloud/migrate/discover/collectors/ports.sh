# What is listened on.
ss -Hlntup
