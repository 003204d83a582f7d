"""Trained networks: the arguments that build them, and their weights as arrays."""

from __future__ import annotations

import numpy as np
import torch

from sklearn_dgex.nn import TargetParts, TowerNetwork
from sklearn_dgex.persistence._values import Decoder, Encoder, Kind
from sklearn_dgex.training import ProfileNet

MOST_FOLDS = 100_000  # of no use beyond a tower's width


def _encode_net(net: ProfileNet, encoder: Encoder, path: str) -> dict:
    module = net.module_
    networks = list(module.networks) if isinstance(module, TargetParts) else [module]
    return {
        "networks": [
            _encode_network(network, encoder, f"{path}.{i}") for i, network in enumerate(networks)
        ],
        "in_parts": isinstance(module, TargetParts),
        "precision": net.precision,
        "schedule": net.schedule,
        "history": encoder.encode([_plain(epoch) for epoch in net.history], f"{path}.history"),
    }


def _decode_net(content: dict, decoder: Decoder) -> ProfileNet:
    networks = [_decode_network(network, decoder) for network in content["networks"]]
    return ProfileNet.of_parts(
        TargetParts(networks) if content["in_parts"] else networks[0],
        decoder.decode(content["history"]),
        precision=content["precision"],
        schedule=content["schedule"],
    )


def _encode_network(network: TowerNetwork, encoder: Encoder, path: str) -> dict:
    arguments = network.arguments()
    return {
        "arguments": {
            name: encoder.encode(value, f"{path}.{name}") for name, value in arguments.items()
        },
        "weights": {
            name: encoder.add_array(weight.detach().cpu().numpy(), f"{path}.{name}")
            for name, weight in network.state_dict().items()
        },
    }


def _decode_network(content: dict, decoder: Decoder) -> TowerNetwork:
    arguments = {name: decoder.decode(value) for name, value in content["arguments"].items()}
    n_between = sum(name.startswith("hidden_layers.") for name in content["weights"])
    if arguments["n_hidden_layers"] != n_between + 1 or arguments["n_folds"] > MOST_FOLDS:
        raise ValueError("layers that the weights do not have")  # before they are all built
    with torch.device("meta"):  # no weights are drawn, and none are held twice
        network = TowerNetwork(**arguments)
    weights = {
        name: torch.from_numpy(decoder.arrays[array]) for name, array in content["weights"].items()
    }
    if any(weight.dtype != torch.float32 for weight in weights.values()):
        raise ValueError("weights must be float32")
    network.load_state_dict(weights, assign=True)
    return network


def _plain(epoch: dict) -> dict:
    """Return what JSON can hold of an epoch's record; callbacks may add what it can't."""
    kept = {name: value for name, value in epoch.items() if _is_plain(value)}
    batches = [
        {name: value for name, value in batch.items() if _is_plain(value)}
        for batch in epoch.get("batches", [])
    ]
    return {"batches": batches, **kept}


def _is_plain(value) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, np.generic))


NETWORK_KINDS = {
    "net": Kind(lambda value: type(value) is ProfileNet, _encode_net, _decode_net),
}
