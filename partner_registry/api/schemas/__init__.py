"""What is sent and told, one file a noun."""
