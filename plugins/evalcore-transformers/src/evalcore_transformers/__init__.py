"""Hugging Face causal language models in process, for evalcore."""
