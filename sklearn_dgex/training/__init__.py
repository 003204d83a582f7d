"""Training of any module on profiles: the only room that imports skorch."""

from sklearn_dgex.utils.lazy import lazy_names

# torch and skorch are loaded with the first name that needs them.
__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "Alone": "distributed.ranks",
        "Blocks": "streams",
        "Checkpoints": "checkpoints.folder",
        "LOSSES": "losses",
        "PRECISIONS": "names",
        "SCHEDULES": "schedules",
        "SOLVERS": "names",
        "Nadam": "nadam",
        "ProfileNet": "net",
        "ProfileStream": "streams",
        "Profiles": "profiles",
        "digest_of": "distributed.agreement",
        "diverged": "callbacks",
        "held_out_quality": "evaluation",
        "joined": "distributed.joining",
        "local_device": "distributed.joining",
        "make_generator": "fitting",
        "make_net": "fitting",
        "make_profiles": "fitting",
        "predict_profiles": "evaluation",
        "prediction_setting": "device",
        "resolve_device": "device",
        "resolve_precision": "device",
    },
)
