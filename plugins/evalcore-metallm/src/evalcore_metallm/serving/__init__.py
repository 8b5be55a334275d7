"""A router as a server: an OpenAI-compatible endpoint in front of OpenAI-compatible upstreams."""
