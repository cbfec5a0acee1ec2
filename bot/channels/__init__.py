"""The ways in and out. Each folder is one channel: adapter (I/O), parse and render (pure)."""
