"""The pages of help, carried out: each change is made to a real server on which the check fails."""
