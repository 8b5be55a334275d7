"""Both ways between lm-eval and evalcore."""
