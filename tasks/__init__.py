"""Effects: one side effect each, one module per system they touch."""
