"""Writes oracle.json: what scipy, statsmodels, krippendorff and irrCAC say of random tables.

python -m venv oracle && oracle/bin/pip install scipy statsmodels krippendorff irrCAC
oracle/bin/python tests/statistics/oracle.py > tests/statistics/oracle.json
"""
import json
import math
import sys
from importlib.metadata import version

import krippendorff
import numpy as np
import pandas as pd
from irrCAC.raw import CAC
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

rng = np.random.default_rng(7)
ALPHA_LEVELS = ["nominal", "ordinal", "interval"]
AC_WEIGHTS = {"identity": "identity", "ordinal": "ordinal", "quadratic": "quadratic"}


def table(units, raters, categories, missing, agreement):
    truth = rng.integers(0, categories, units)
    values = np.where(rng.random((units, raters)) < agreement, truth[:, None], rng.integers(0, categories, (units, raters)))
    values = values.astype(float)
    values[rng.random((units, raters)) < missing] = np.nan
    return values


def agreement_case(units, raters, categories, missing, agreement):
    values = table(units, raters, categories, missing, agreement)
    # the packages count what nobody rated as a unit; we are never given one
    values = values[~np.isnan(values).all(axis=1)]
    alpha = {level: krippendorff.alpha(reliability_data=values.T, level_of_measurement=level) for level in ALPHA_LEVELS}
    scale = list(range(categories))
    ac = {
        name: float(CAC(pd.DataFrame(values), weights=weights, categories=scale, digits=15).gwet()["est"]["coefficient_value"])
        for name, weights in AC_WEIGHTS.items()
    }
    rows = [[int(v) for v in row if not math.isnan(v)] for row in values]
    return {"categories": scale, "units": rows, "alpha": alpha, "ac": ac}


def tau_case(n, categories):
    a, b = rng.integers(0, categories, n), rng.integers(0, categories, n)
    return {"ranks": a.tolist(), "others": b.tolist(), "tau": stats.kendalltau(a, b, variant="b").statistic}


out = {
    "versions": {name: version(name) for name in ["scipy", "statsmodels", "krippendorff", "irrCAC"]},
    "agreement": [
        agreement_case(12, 2, 2, 0.0, 0.6),
        agreement_case(30, 3, 3, 0.3, 0.5),
        agreement_case(40, 5, 5, 0.5, 0.4),
        agreement_case(25, 4, 7, 0.4, 0.0),
        agreement_case(60, 6, 4, 0.7, 0.9),
    ],
    "tau": [tau_case(4, 4), tau_case(9, 3), tau_case(9, 9), tau_case(30, 5)],
    "mcnemar": [
        {"onlyOne": b, "onlyOther": c, "p": mcnemar([[0, b], [c, 0]], exact=True).pvalue}
        for b, c in [(68, 57), (3, 1), (10, 0), (0, 4), (5, 5), (900, 1100)]
    ],
    "wilson": [
        {"successes": k, "trials": n, "bounds": list(proportion_confint(k, n, method="wilson"))}
        for k, n in [(0, 5), (5, 5), (30, 50), (308, 498), (1, 100000)]
    ],
}
values = rng.normal(0.05, 0.3, 60)
result = stats.bootstrap((values,), np.mean, n_resamples=50000, method="percentile", random_state=1)
out["bootstrap"] = {"values": values.tolist(), "low": result.confidence_interval.low, "high": result.confidence_interval.high}
json.dump(out, sys.stdout)
