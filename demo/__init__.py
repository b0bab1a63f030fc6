"""Demonstration Relying Parties: they speak HTTP only and import nothing of the provider."""
