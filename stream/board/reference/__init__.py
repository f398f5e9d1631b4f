"""Tables of BOARD: what is known of a tenant's organisation, versioned by day."""
