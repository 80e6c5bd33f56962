"""One program for each library under test; all but vaxcert's run in an environment of their own."""
