"""Stand-ins for the outside world: own processes, own stores, own keys; 127.0.0.1 only."""
