"""What was exchanged."""
