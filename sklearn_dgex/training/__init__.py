"""Training of any module on profiles: the only room that imports skorch."""

from sklearn_dgex.training.device import (
    PRECISIONS,
    prediction_setting,
    resolve_device,
    resolve_precision,
)
from sklearn_dgex.training.evaluation import held_out_quality, predict_profiles
from sklearn_dgex.training.fitting import SOLVERS, make_generator, make_net, make_profiles
from sklearn_dgex.training.losses import LOSSES
from sklearn_dgex.training.nadam import Nadam
from sklearn_dgex.training.net import ProfileNet
from sklearn_dgex.training.profiles import Profiles
from sklearn_dgex.training.schedules import SCHEDULES

__all__ = [
    "LOSSES",
    "PRECISIONS",
    "SCHEDULES",
    "SOLVERS",
    "Nadam",
    "ProfileNet",
    "Profiles",
    "held_out_quality",
    "make_generator",
    "make_net",
    "make_profiles",
    "predict_profiles",
    "prediction_setting",
    "resolve_device",
    "resolve_precision",
]
