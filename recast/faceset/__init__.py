"""Face files on disk and the columns of a whole set."""
