"""What is kept: SQLModel tables on SQLite, and every read and write by name."""
