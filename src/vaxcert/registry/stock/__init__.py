"""Stock: lots of vaccine, where their doses are, and what became of each; nothing is lost and nothing made up."""
