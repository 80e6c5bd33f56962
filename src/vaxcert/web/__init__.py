"""The HTTP service: routes that parse, call one service function and render; and one page."""
