"""Records in, certificates and documents out."""
