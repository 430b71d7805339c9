"""The network for photographs: shapes, and what hints may and may not change."""

import torch

from app.networks.photo_unet import PhotoUNet


def network() -> PhotoUNet:
    torch.manual_seed(0)
    return PhotoUNet(bins=7, widths=(16, 12, 8), hints=4).eval()


def test_colours_come_at_a_quarter_of_the_size() -> None:
    assert network()(torch.rand(2, 1, 64, 96)).shape == (2, 7, 16, 24)


def test_no_hints_are_the_same_as_empty_ones() -> None:
    net, gray = network(), torch.rand(1, 1, 64, 64)
    empty = torch.cat([gray, torch.zeros(1, 3, 64, 64)], dim=1)
    torch.testing.assert_close(net(gray), net(empty))


def test_a_hint_changes_its_surroundings_most() -> None:
    net, planes = network(), torch.zeros(1, 4, 128, 128)
    before = net(planes)
    planes[0, 1:, 64:68, 64:68] = torch.tensor([0.6, 0.4, 1.0])[:, None, None]
    change = (net(planes) - before).abs().sum(dim=1)[0]
    assert change[16, 16] > 0
    assert change[16, 16] > 5 * change[0, 0]


def test_features_can_be_kept_while_hints_change() -> None:
    net, planes = network(), torch.rand(1, 4, 64, 64)
    features = net.encode(planes[:, :1])
    hints = planes[:, 1:].unfold(2, 4, 4).unfold(3, 4, 4).mean(dim=(4, 5))
    torch.testing.assert_close(net.decode(features, hints), net(planes))
