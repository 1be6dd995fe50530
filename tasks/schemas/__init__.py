"""One schema for every JSON that a gate reads, by subject."""
