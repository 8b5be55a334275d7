"""What a router would have earned on queries that another one routed.

The value of a new router is estimated from the log of the deployed one: `estimators` holds the
formulas, `reward_models` the regressions that two kinds of them need, `support` what the log cannot
tell, `intervals` how sure the estimates are, and `evaluation` puts these together.

All this holds if the logging router did not learn while it wrote the log, so that queries are
independent of each other. Where it did learn, with right propensities, the estimates by importance
weights stay unbiased, for each weight is right given what came before (a martingale); but their
distribution need not be near normal, a bootstrap over queries does not know of the dependence, and
the folds of cross-fitting are no longer independent: intervals are then too narrow, or off centre,
by an unknown amount (Hadad et al., "Confidence intervals for policy evaluation in adaptive
experiments", PNAS 2021).
"""
