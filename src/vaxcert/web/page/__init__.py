"""The page at `/`: scan, upload or paste a certificate, and see the verdict."""
