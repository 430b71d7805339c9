"""From a network's weights to what OpenVINO reads.

    python -m app.colorizing.backends.conversion MODEL_FOLDER FOLDER_TO_WRITE

A process of its own, where one serves meanwhile: it takes memory that is not given back, and seconds.
"""

import importlib
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import torch
from torch import Tensor, nn

from app.colorizing.backends import NARROW
from app.colorizing.backends.openvino import FIRST_HALF, SECOND_HALF, WHOLE, runtime
from app.networks.card import Card, read_card
from app.networks.halves import HINT_PLANES, PLACE, Features, Halves
from app.networks.layers import SameConv2d
from app.networks.weights import load_network

CONVOLUTIONS = {"Convolution": "convolution", "GroupConvolution": "group_convolution"}
"""Kinds of layers that convolve, and how they are made."""


class _First(nn.Module):
    """Gray as the network wants it to features."""

    def __init__(self, network: Halves) -> None:
        super().__init__()
        self.network = network

    def forward(self, gray: Tensor) -> Features:
        return self.network.encode(gray)


class _Second(nn.Module):
    """Hints and features to probabilities."""

    def __init__(self, network: Halves) -> None:
        super().__init__()
        self.network = network

    def forward(self, hints: Tensor, *features: Tensor) -> Tensor:
        return torch.softmax(self.network.decode(features, hints), dim=1)


class _Whole(nn.Module):
    """Gray as the network wants it to probabilities."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, gray: Tensor) -> Tensor:
        return torch.softmax(self.network(gray), dim=1)


class _Unpadded(nn.Module):
    """A convolution without the padding that it would add."""

    def __init__(self, convolution: nn.Conv2d) -> None:
        super().__init__()
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        return nn.Conv2d.forward(self.convolution, x)


def convert(folder: Path, card: Card, into: Path) -> None:
    """Write a model's network, its weights verified, for `OpenVino` to read; for pictures of any size."""
    network = load_network(folder, card)
    _fix_padding(network)
    rows, columns = 2 * card.size_multiple, 3 * card.size_multiple
    gray = torch.linspace(0, 1, rows * columns).reshape(1, 1, rows, columns)
    with torch.inference_mode(False), torch.no_grad():
        if isinstance(network, Halves):
            first = _First(network).eval()
            hints = torch.zeros(1, HINT_PLANES, rows // PLACE, columns // PLACE)
            _write(first, (gray,), into / FIRST_HALF)
            _write(_Second(network).eval(), (hints, *first(gray)), into / SECOND_HALF)
        else:
            _write(_Whole(network).eval(), (gray,), into / WHOLE)


def _write(network: nn.Module, example: Sequence[Tensor], file: Path) -> None:
    openvino = runtime()
    with warnings.catch_warnings():
        # Following a network once is deprecated, for it takes what depends on the input as constant. Here
        # that is the padding, which `_fix_padding` has made so; and what comes out is compared with float32.
        warnings.simplefilter("ignore")
        converted = openvino.convert_model(
            network,
            example_input=tuple(example),
            input=[openvino.PartialShape([-1, each.shape[1], -1, -1]) for each in example],
        )
    _pad_while_convolving(converted)
    openvino.save_model(converted, file, compress_to_fp16=False)
    tree = ElementTree.parse(file)
    _keep_precise(tree.getroot())
    tree.write(file)


def _pad_while_convolving(network: Any) -> None:
    """Have convolutions add the zeros that are laid around their input, which PyTorch can for like ends only.

    A step of its own costs time, and OpenVINO would round what it is given to bf16 though told not to.
    """
    operations = importlib.import_module("openvino.opset13")
    for node in network.get_ordered_ops():
        if node.get_type_name() not in CONVOLUTIONS:
            continue
        pad = node.input_value(0).get_node()
        if pad.get_type_name() != "Pad":
            continue
        before, after = (pad.input_value(index).get_node().get_data()[-2:].tolist() for index in (1, 2))
        convolve = getattr(operations, CONVOLUTIONS[node.get_type_name()])
        told = node.get_attributes()
        padded = convolve(
            pad.input_value(0), node.input_value(1), told["strides"], before, after, told["dilations"]
        )
        padded.set_friendly_name(node.get_friendly_name())
        for target in node.output(0).get_target_inputs():
            target.replace_source_output(padded.output(0))
    network.validate_nodes_and_infer_types()


def _keep_precise(network: ElementTree.Element) -> None:
    """Mark narrow convolutions, and sums with what they give, as to be computed in float32 in any case."""
    layers = {layer.attrib["id"]: layer for layer in network.findall("layers/layer")}
    inputs: dict[str, list[str]] = {number: [] for number in layers}
    for edge in network.findall("edges/edge"):
        inputs[edge.attrib["to-layer"]].append(edge.attrib["from-layer"])
    precise: set[str] = set()
    for number, layer in layers.items():  # what is read stands before what reads it
        narrow = layer.attrib["type"] in CONVOLUTIONS and _narrowest(layer) <= NARROW
        if narrow or (layer.attrib["type"] == "Add" and precise.intersection(inputs[number])):
            precise.add(number)
            notes = layer.find("rt_info")
            if notes is None:
                notes = ElementTree.Element("rt_info")
                layer.insert(layer[0].tag == "data", notes)
            ElementTree.SubElement(notes, "attribute", name="precise", version="0")


def _narrowest(convolution: ElementTree.Element) -> int:
    """The lesser of a convolution's channels out and in; one for those that take each channel alone."""
    weights = [int(size.text or 0) for size in convolution.findall("input/port")[1].findall("dim")]
    return min(weights[:-2][-2:])


def _fix_padding(network: nn.Module) -> None:
    """Have convolutions that pad for the size at hand pad always as for sizes that their stride divides.

    Others do not come: inputs are multiples of the card's `size_multiple`, the product of the strides.
    """
    for module in list(network.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, SameConv2d):
                (kernel, _), (stride, _) = child.kernel_size, child.stride
                total = max(kernel - stride, 0)
                ends = (total // 2, total - total // 2)
                setattr(module, name, nn.Sequential(nn.ZeroPad2d(ends + ends), _Unpadded(child)))


def main() -> None:
    """Convert."""
    folder = Path(sys.argv[1])
    convert(folder, read_card(folder), Path(sys.argv[2]))


if __name__ == "__main__":
    from app.colorizing.backends.helper import stand_back

    stand_back()
    main()
