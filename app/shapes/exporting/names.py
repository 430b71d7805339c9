"""Python names for the layers and inputs of a network."""

import keyword
import re

from app.shapes.exporting.expressions import symbol_source
from app.shapes.report import Report

_MODULE_NAMES = """
T_destination add_module apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches
eval extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half ipu load_state_dict
modules mtia named_buffers named_children named_modules named_parameters parameters register_backward_hook
register_buffer register_forward_hook register_forward_pre_hook register_full_backward_hook
register_full_backward_pre_hook register_load_state_dict_post_hook register_load_state_dict_pre_hook
register_module register_parameter register_state_dict_post_hook register_state_dict_pre_hook requires_grad_
set_extra_state set_submodule share_memory state_dict to to_empty train training type xpu zero_grad
"""
# What nn.Module already has; a layer of such a name gets an underscore.
_MODULE = frozenset(_MODULE_NAMES.split())
_TAKEN = frozenset({"self", "nn", "torch", "OrderedDict", "super", "min", "max", "Network"})


class Names:
    """One Python name for each layer and input, all different; layers are meant by place, inputs by -1, -2
    …
    """

    def __init__(self, report: Report) -> None:
        used = {symbol_source(name) for name in report.symbols}
        self._names: dict[int, str] = {}
        for i, source in enumerate(report.network.inputs):
            self._names[-1 - i] = _fresh(source.name, used)
        for node in report.network.nodes:
            self._names[node.place] = _fresh(node.name, used)
        self._owners = {node.place: node.shares for node in report.network.nodes if node.shares is not None}

    def variable(self, read: int) -> str:
        """The variable that holds an output or input in `forward`."""
        return self._names[read]

    def attribute(self, place: int) -> str:
        """The module's attribute; of a sharing layer, the one it shares."""
        seen: set[int] = set()
        while place in self._owners and place not in seen:
            seen.add(place)
            place = self._owners[place]
        return self._names[place]


def _fresh(name: str, used: set[str]) -> str:
    plain = re.sub(r"\W", "_", name)
    if not plain[0].isalpha():
        plain = f"layer{plain}" if plain[0] == "_" else f"layer_{plain}"
    if keyword.iskeyword(plain) or plain in _MODULE or plain in _TAKEN:
        plain += "_"
    unique, count = plain, 1
    while unique in used:
        count += 1
        unique = f"{plain}_{count}"
    used.add(unique)
    return unique
