"""HTTP and WebSocket of the venue."""
