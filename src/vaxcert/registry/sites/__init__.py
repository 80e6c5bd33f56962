"""Where and when doses are given: sites with their hours, campaigns, and the slots that both make."""
