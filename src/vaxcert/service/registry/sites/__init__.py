"""Sites, campaigns, days and slots."""
