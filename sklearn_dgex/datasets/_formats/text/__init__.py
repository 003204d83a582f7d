"""Text files as lines, lines as fields, fields as numbers; and written."""
