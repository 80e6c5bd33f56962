"""One site's day with invented people, from registration to the daily form."""
