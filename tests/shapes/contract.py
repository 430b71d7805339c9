"""The network that the contract of POST /shapes gives as its example, and what is said of its convolution."""

from typing import Any

EXAMPLE: dict[str, Any] = {
    "input": ["NIC", 32, 32],
    "layers": [
        {
            "type": "Conv2d",
            "name": "conv1",
            "out_channels": "NF",
            "kernel_size": "k",
            "padding": "same",
            "bias": False,
        },
        {"type": "MaxPool2d", "kernel_size": 2},
    ],
    "batch": 1,
}
CONVOLUTION: dict[str, Any] = {
    "name": "conv1",
    "type": "Conv2d",
    "inputs": ["input"],
    "input_shape": ["NIC", 32, 32],
    "output_shape": ["NF", 32, 32],
    "parameters": "NF*NIC*k**2",
    "weights": "NF*NIC*k**2",
    "biases": 0,
    "buffers": 0,
    "neurons": "1024*NF",
    "connections": "1024*NF*NIC*k**2",
    "connections_in_bounds": None,
    "receptive_field": {
        "size": ["k", "k"],
        "stride": [1, 1],
        "start": ["-floor((k - 1)/2)", "-floor((k - 1)/2)"],
    },
}
