"""The recipe by which the models are made from nothing: `python -m evalcore_microcoder.training`.

It reads no data: problems come without end from the world's seed. First a model learns to answer a
statement with a program; then dialogues, in which wrong programs, its own among them, meet feedback
and are repaired, prompts are reasoned about before the program, and programs take the form that was
asked for.
"""
