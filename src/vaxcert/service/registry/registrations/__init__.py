"""Health declarations, and registrations for a dose."""
