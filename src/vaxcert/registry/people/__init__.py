"""People: who somebody is, by many numbers and one id, in versions; their families; who may be one and the same."""
