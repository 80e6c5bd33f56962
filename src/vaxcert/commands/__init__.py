"""One module per command, each with a `command`: parse, call one service function, render."""
