"""One module a format: how its texts are recognised, and the steps that check them."""
