"""What leads did: written down, and sealed so that nobody can change it unseen."""
