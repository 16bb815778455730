"""What each kind of Software is on its host: pure."""
