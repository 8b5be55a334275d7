"""What this plugin declares."""
