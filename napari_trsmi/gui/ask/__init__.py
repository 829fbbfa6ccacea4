"""The dock that answers: what differs between two groups of spots, and what a domain is."""
