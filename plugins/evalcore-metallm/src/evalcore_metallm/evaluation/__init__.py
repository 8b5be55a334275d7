"""How well routers do: splits of a log, passes over it, curves of cost and quality, resamples."""
