"""What runbook 003 decides about publishing folders of a monorepo as repositories of their own."""
