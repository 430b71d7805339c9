import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from app.lab.packing import Array, pack, unpack


@given(arrays(np.float64, array_shapes(min_dims=0, min_side=0, max_dims=3), elements=st.floats()))
def test_every_bit_comes_back(array: Array) -> None:
    back = unpack(json.loads(json.dumps(pack(array))))
    assert back.shape == array.shape and back.tobytes() == np.ascontiguousarray(array).tobytes()


def test_an_unpacked_array_can_be_written_to() -> None:
    back = unpack(pack(np.arange(3.0)))
    back += 1
    assert back.tolist() == [1, 2, 3]


def test_a_damaged_array_is_refused() -> None:
    damaged = pack(np.arange(3.0)) | {"shape": [4]}
    with pytest.raises(ValueError, match="reshape"):
        unpack(damaged)
