"""What the GDPR asks for: processings and their purposes, registers (article 30), incidents (articles 33 and 34)."""
