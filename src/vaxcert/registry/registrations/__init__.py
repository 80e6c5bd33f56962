"""Before the visit: who asks for a dose and who may have it, and what somebody says of their health."""
