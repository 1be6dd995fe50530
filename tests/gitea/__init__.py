"""A Gitea for tests: the API and git over HTTP as a real Gitea 1.21 was recorded, with a real git behind it."""
