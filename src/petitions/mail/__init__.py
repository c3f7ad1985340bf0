"""Mail: the outbox, rendering, and handing over to an SMTP server. Knows no other feature."""
