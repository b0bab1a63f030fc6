"""The account holder's pages: login, registration, password, profile, consents, deletion."""
