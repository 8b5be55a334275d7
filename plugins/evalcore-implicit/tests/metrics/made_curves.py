"""Records of drawings with curves, as the tasks of the plugin score them."""

from __future__ import annotations

from evalcore.testing import record

RANGES = (2.0, 10.0, 100.0, 1000.0)


def shift(at, n=100, inside=False, name="", **values):
    return {"at": at, "name": name, "inside": inside, "n": n, "values": values}


def curve(values, at=RANGES, measure="mse", better="lower", axis="range", inside=0, **extras):
    """Details of a score; `values` at each place of `at`."""
    shifts = [
        shift(place, inside=i == inside, **{measure: value})
        for i, (place, value) in enumerate(zip(at, values, strict=True))
    ]
    return {"axis": axis, "measure": measure, "better": better, "shifts": shifts, **extras}


def solved(relative, absolute, converged=1.0):
    """What an implicit model has on record of its predictions at one shift."""
    counts = {"relative": relative, "relative_max": 2 * relative}
    counts |= {"absolute": absolute, "absolute_max": 2 * absolute}
    return {"iterations": counts, "converged": converged, "residual": 1e-7}


def fitted(*shifts, parameters=100, seconds=1.5):
    fit = {"parameters": parameters, "operations": 2000, "seconds": seconds}
    return {"fit": fit, "shifts": list(shifts)}


def drawings(curves, strategy=None):
    """A record for each curve; of `None` one that failed."""
    return [
        record(f"drawing-{i}", None)
        if details is None
        else record(
            f"drawing-{i}",
            next(iter(details["shifts"][0]["values"].values())),
            details=details,
            strategy=strategy or fitted(*({} for _ in details["shifts"])),
        )
        for i, details in enumerate(curves)
    ]
