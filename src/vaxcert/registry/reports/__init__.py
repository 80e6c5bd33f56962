"""Reports: what happened, counted by day, unit, vaccine, dose, group, age and sex; nothing sealed is read for them."""
