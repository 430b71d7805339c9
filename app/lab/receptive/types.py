"""The layer types that a network may have to be run here."""

CONVOLUTIONS = frozenset({"Conv2d", "ConvTranspose2d"})
POOLS = frozenset({"MaxPool2d", "AvgPool2d", "AdaptiveAvgPool2d", "AdaptiveMaxPool2d"})
RESIZES = frozenset({"Upsample", "UpsamplingNearest2d", "UpsamplingBilinear2d"})
PADS = frozenset({"ZeroPad2d", "ReflectionPad2d", "ReplicationPad2d", "CircularPad2d"})
PASSED_ON = frozenset(
    {
        "BatchNorm2d",
        "Dropout",
        "Dropout2d",
        "AlphaDropout",
        "FeatureAlphaDropout",
        "Identity",
        "CELU",
        "ELU",
        "GELU",
        "Hardsigmoid",
        "Hardswish",
        "Hardtanh",
        "LeakyReLU",
        "LogSigmoid",
        "Mish",
        "PReLU",
        "ReLU",
        "ReLU6",
        "SELU",
        "SiLU",
        "Sigmoid",
        "Softplus",
        "Softsign",
        "Tanh",
        "Tanhshrink",
    }
)
"""Element by element: the skeleton leaves these out."""

MERGES = frozenset({"Add", "Concat"})
TYPES = CONVOLUTIONS | POOLS | RESIZES | PADS | PASSED_ON | MERGES
"""The layer types that can be run here."""
