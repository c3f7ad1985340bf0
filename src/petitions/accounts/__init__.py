"""Who may look after campaigns: accounts, log-ins, sessions, roles."""
