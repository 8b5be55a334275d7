"""Images as tasks: data of one's own or drawn, and what compared models are measured by."""
