"""The departments' machine rooms (机房) as they are before the move: old hosts, in networks of their own."""
