"""The shape of each database, one folder a database; nothing here imports Watchkeeper."""
