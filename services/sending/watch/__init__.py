"""Step 1 and its sweeps: look at everything that may send, keep standings true, finish, hold, expire, recover."""
