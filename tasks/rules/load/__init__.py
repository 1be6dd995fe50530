"""What a load validation asks for, measures and decides (runbook 003, Load/Performance Validation)."""
