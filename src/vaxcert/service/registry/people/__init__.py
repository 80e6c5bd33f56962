"""People: registered, found, corrected, merged, erased; their families."""
