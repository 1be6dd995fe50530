"""What a folder's own history is: which commits stay, which are skipped, and the bytes of those that stay."""
