"""Training of any module on profiles: the only room that imports skorch."""

from typing import TYPE_CHECKING

from sklearn_dgex.utils.lazy import lazy_names

if TYPE_CHECKING:  # the table's names, for type checkers and editors
    from sklearn_dgex.training.callbacks import check_callbacks as check_callbacks
    from sklearn_dgex.training.callbacks import diverged as diverged
    from sklearn_dgex.training.checkpoints.folder import Checkpoints as Checkpoints
    from sklearn_dgex.training.device import prediction_setting as prediction_setting
    from sklearn_dgex.training.device import resolve_device as resolve_device
    from sklearn_dgex.training.device import resolve_precision as resolve_precision
    from sklearn_dgex.training.distributed.agreement import digest_of as digest_of
    from sklearn_dgex.training.distributed.alone import Alone as Alone
    from sklearn_dgex.training.distributed.joining import joined as joined
    from sklearn_dgex.training.distributed.joining import local_device as local_device
    from sklearn_dgex.training.evaluation import held_out_quality as held_out_quality
    from sklearn_dgex.training.evaluation import predict_profiles as predict_profiles
    from sklearn_dgex.training.fitting import make_generator as make_generator
    from sklearn_dgex.training.fitting import make_net as make_net
    from sklearn_dgex.training.fitting import make_profiles as make_profiles
    from sklearn_dgex.training.losses import LOSSES as LOSSES
    from sklearn_dgex.training.nadam import Nadam as Nadam
    from sklearn_dgex.training.names import PRECISIONS as PRECISIONS
    from sklearn_dgex.training.names import SOLVERS as SOLVERS
    from sklearn_dgex.training.net import ProfileNet as ProfileNet
    from sklearn_dgex.training.profiles import Profiles as Profiles
    from sklearn_dgex.training.schedules import SCHEDULES as SCHEDULES
    from sklearn_dgex.training.streams import Blocks as Blocks
    from sklearn_dgex.training.streams import ProfileStream as ProfileStream
else:
    # torch and skorch are loaded with the first name that needs them.
    __getattr__, __dir__, __all__ = lazy_names(
        __name__,
        {
            "Alone": "distributed.alone",
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
            "check_callbacks": "callbacks",
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
