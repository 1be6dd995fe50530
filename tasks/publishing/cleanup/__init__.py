"""Local space conservation: published folders into the archive, out of it, or gone for good (runbook 003)."""
