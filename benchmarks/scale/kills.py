"""What becomes of a fit that is killed again and again, and what do its checkpoints cost?

    python benchmarks/scale/kills.py [--quick]

Killed: a fit with a checkpoint after every epoch runs in a process that gets SIGKILL at a random
moment, of its loading and scaling or of its training, and is started again, twenty times over. Its
weights are then compared with those of a fit that nothing disturbed. The time lost is what was
trained since the checkpoint that the next process goes on from.

Costs: the package's defaults, with a checkpoint after every epoch, whose writing is timed. From
that follows which share of a fit it takes at the default `checkpoint_every="1 min"`.

Data are GDSC's cell lines where SKLEARN_DGEX_DATA has them, else made up, of the same size. Results
go to results/kills.json beside this script. About three minutes on two cores.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from skorch.callbacks import Callback

sys.path.append(str(Path(__file__).resolve().parents[1] / "paper"))  # where Results is at home
sys.path.append(str(Path(__file__).resolve().parents[1] / "speed"))
from _machine import describe
from _results import Results

from sklearn_dgex import DGEXRegressor
from sklearn_dgex.datasets import fetch_gdsc_cell_lines, make_expression
from sklearn_dgex.training.checkpoints import folder as folders

RESULTS = Path(__file__).parent / "results"
KILLED = {"width": 100, "n_members": 2, "max_iter": 30, "random_state": 0}
N_KILLS, LONGEST = 20, 2.0  # seconds to a kill
IN_TRAINING = 0.8  # share of kills whose seconds count from the beginning of the training
N_TIMED = 3  # epochs of the package's defaults
EVERY = 60.0  # seconds: the default


def load() -> tuple[str, np.ndarray, np.ndarray]:
    """Return the name of the data, and landmarks and targets in float32."""
    try:
        X, y = fetch_gdsc_cell_lines(return_X_y=True, as_frame=False, download_if_missing=False)
        name = "GDSC cell lines"
    except (OSError, ImportError):
        X, y = make_expression(780, n_landmarks=900, n_targets=2900, random_state=0)
        name = "made up"
    return name, X.astype(np.float32), y.astype(np.float32)


class Clock(Callback):
    """Note in a file when the training began, and when each epoch was over."""

    def __init__(self, path: Path):
        self.path = path

    def _note(self, net) -> None:
        with self.path.open("a") as stream:
            print(len(net.history), time.monotonic(), file=stream)

    def on_train_begin(self, net, **kwargs):
        self._note(net)

    def on_epoch_end(self, net, **kwargs):
        self._note(net)


def fitted(X, y, folder, weights: Path, clock: Path) -> None:
    """Fit, and write the weights to a file."""
    model = DGEXRegressor(
        **KILLED,
        device="cpu",
        checkpoint_dir=folder,
        checkpoint_every=1,
        callbacks=[Clock(clock)],
    ).fit(X, y)
    np.save(weights, np.concatenate([p.detach().numpy().ravel() for p in parameters(model)]))


def parameters(model):
    return model.net_.module_.parameters()


def in_a_process(
    work: Callable[[], None], seconds: float | None = None, begun: Path | None = None
) -> float | None:
    """Run in a process of its own; return when it was killed after so many seconds, if it was.

    They count from when there is a file ``begun``, if one is named.

    Forked, so that it need not load torch again; nothing was computed yet, so it may.
    """
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    killed = None
    if seconds is not None:
        while begun and not begun.exists():
            time.sleep(0.01)
        time.sleep(seconds)
        os.kill(child, signal.SIGKILL)
        killed = time.monotonic()
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if code not in (0, -signal.SIGKILL):
        sys.exit(f"A fit failed with exit status {code}.")
    return killed if code else None


def kills(X, y, n_kills: int, scratch: Path) -> dict:
    """Kill a fit at random moments, and compare what comes of it in the end."""
    rng, runs, lost = np.random.default_rng(0), [], []
    names = (scratch / name for name in ("weights.npy", "clock", "expected.npy", "undisturbed"))
    weights, clock, expected, undisturbed = names
    in_a_process(partial(fitted, X, y, None, expected, undisturbed))
    n_fits, most = 0, 0.0
    while len(runs) < n_kills:  # a fit that ended is followed by another one
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            work = partial(fitted, X, y, folder, weights, clock)
            killed = True
            while killed:
                clock.unlink(missing_ok=True)
                begun = clock if rng.random() < IN_TRAINING else None
                seconds = rng.uniform(0, LONGEST) if len(runs) < n_kills else None
                killed = in_a_process(work, seconds, begun)
                if killed:
                    runs.append(seconds_of_training(clock, killed))
                    lost.append(seconds_lost(clock, killed, newest(folder)))
        n_fits += 1
        most = max(most, float(np.abs(np.load(weights) - np.load(expected)).max()))
    epochs = np.loadtxt(undisturbed)
    return {
        "kills": len(runs),
        "kills_in_training": sum(run > 0 for run in runs),
        "fits": n_fits,
        "max_weight_difference": most,
        "undisturbed_seconds": float(epochs[-1, 1] - epochs[0, 1]),
        "epoch_seconds": float(np.median(np.diff(epochs[:, 1]))),
        "lost_seconds": lost,
        "lost_median": statistics.median(seconds for seconds in lost if seconds),
        "lost_most": max(lost),
    }


def newest(folder: str) -> int:
    """Epoch of the newest checkpoint, 0 where there is none."""
    return max((int(n[11:17]) for n in os.listdir(folder) if n.startswith("checkpoint")), default=0)


def moments(clock: Path) -> dict[int, float]:
    """When each epoch was over, as far as it came."""
    lines = clock.read_text().splitlines() if clock.exists() else []
    return {int(epoch): float(when) for epoch, when in map(str.split, lines)}


def seconds_of_training(clock: Path, killed: float) -> float:
    return killed - min(moments(clock).values(), default=killed)


def seconds_lost(clock: Path, killed: float, epoch: int) -> float:
    """Seconds since the end of the epoch that the next process goes on from."""
    return killed - moments(clock).get(epoch, killed)


def costs(X, y, n_epochs: int, scratch: Path) -> dict:
    """Time the checkpoints of the package's defaults."""
    usual, seconds = folders.write_checkpoint, []

    def timed(*arguments, **settings):
        started = time.perf_counter()
        usual(*arguments, **settings)
        seconds.append(time.perf_counter() - started)

    folders.write_checkpoint = timed
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        model = DGEXRegressor(
            max_iter=n_epochs,
            device="cpu",
            random_state=0,
            checkpoint_dir=folder,
            checkpoint_every=1,
        ).fit(X, y)
        sizes = [path.stat().st_size for path in Path(folder).iterdir()]
    n_bytes = 4 * model.n_parameters_ * model.n_members_
    median = statistics.median(seconds)
    return {
        "parameters": n_bytes // 4,
        "bytes": max(sizes),
        "times_the_weights": max(sizes) / n_bytes,
        "seconds": seconds,
        "seconds_median": median,
        "epoch_seconds": statistics.median(epoch["dur"] for epoch in model.net_.history),
        "share_at_the_default": median / (max(EVERY, median * 19) + median),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="three kills, two epochs")
    quick = parser.parse_args().quick
    results = Results("kills", RESULTS / "quick" if quick else RESULTS)
    name, X, y = load()
    data = {"data": name, "n_samples": len(X), "n_landmarks": X.shape[1], "n_targets": y.shape[1]}
    with tempfile.TemporaryDirectory() as scratch:
        killed = data | kills(X, y, 3 if quick else N_KILLS, Path(scratch))
        results.add("killed", killed)
        lost = f"{killed['lost_median']:.2f} s (median), {killed['lost_most']:.2f} s at most"
        difference = killed["max_weight_difference"]
        print(f"{killed['kills']} kills: weights differ by {difference}; lost {lost}", flush=True)
        cost = data | costs(X, y, 2 if quick else N_TIMED, Path(scratch))
    results.add("costs", cost)
    results.add("machine", describe())  # last: what it computes must not come before a fork
    size = f"{cost['parameters'] / 1e6:.1f} M parameters: {cost['bytes'] / 1e6:,.0f} MB"
    print(
        f"{size} in {cost['seconds_median']:.2f} s, {cost['share_at_the_default']:.1%} of a fit at "
        "one a minute"
    )


if __name__ == "__main__":
    main()
