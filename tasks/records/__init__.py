"""Records that hold on to each other: the shift log and the notes of incidents (runbook 002)."""
