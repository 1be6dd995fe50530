"""Two people before anything that cannot be undone, each proving who they are with a one-time code."""
