"""Amazon Bedrock for evalcore."""
