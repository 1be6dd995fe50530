"""Who may approve, and what was approved: two people, one plan, a limited time."""
