"""Where procedures run: registration, drift, and the stack that `make up` starts."""
