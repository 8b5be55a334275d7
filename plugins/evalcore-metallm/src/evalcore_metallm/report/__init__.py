"""`evalcore route report`: the routers of runs as one page with figures."""
