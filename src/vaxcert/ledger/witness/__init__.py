"""A witness of logs (C2SP tlog-witness): it cosigns a checkpoint only where it extends the last one it cosigned."""
