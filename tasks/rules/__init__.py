"""What the runbooks decide: pure functions over values, standard library only, no clock and no I/O."""
