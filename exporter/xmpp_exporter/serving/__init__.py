"""What every service of this project shares; imports nothing of the project outside this package."""
