"""vLLM in process, or served beside the run."""
