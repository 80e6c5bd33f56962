"""Places in slots: held, booked, moved, given back; and those who wait for one."""
