"""vaxcert."""
