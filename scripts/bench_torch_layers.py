# The layers of scripts/bench-layers.ts in PyTorch: by name, the leaves and the function of them.
import torch
from torch import nn
from torch.nn import functional as F


def leaf(*shape):
    return torch.randn(shape, requires_grad=True)


def layer(module, *shape, first=False):
    x = leaf(*shape)
    return [x, *module.parameters()], (lambda: module(x)[0]) if first else (lambda: module(x))


def conv(inner, outer, size, image, batch, **options):
    options = {"padding": size // 2, "bias": False, **options}
    return layer(nn.Conv2d(inner, outer, size, **options), batch, inner, image, image)


def attention(*shape, causal=False):
    q, k, v = leaf(*shape), leaf(*shape), leaf(*shape)
    return [q, k, v], lambda: F.scaled_dot_product_attention(q, k, v, is_causal=causal)


LAYERS = {
    "conv 3x3 64-64, 32x32, batch 32": lambda: conv(64, 64, 3, 32, 32),
    "conv 3x3 128-128, 16x16, batch 32": lambda: conv(128, 128, 3, 16, 32),
    "conv 3x3 256-256, 8x8, batch 32": lambda: conv(256, 256, 3, 8, 32),
    "conv 3x3 512-512, 4x4, batch 32": lambda: conv(512, 512, 3, 4, 32),
    "conv 3x3 64-128 stride 2, 32x32, batch 32": lambda: conv(64, 128, 3, 32, 32, stride=2),
    "conv 1x1 64-256, 32x32, batch 32": lambda: conv(64, 256, 1, 32, 32),
    "conv 1x1 256-64, 32x32, batch 32": lambda: conv(256, 64, 1, 32, 32),
    "conv 1x1 64-128 stride 2, 32x32, batch 32": lambda: conv(64, 128, 1, 32, 32, stride=2),
    "conv 3x3 1-32, 28x28, batch 64": lambda: conv(1, 32, 3, 28, 64, padding=0),
    "conv 3x3 32-64, 26x26, batch 64": lambda: conv(32, 64, 3, 26, 64, padding=0),
    "conv 7x7 3-64 stride 2, 64x64, batch 16": lambda: conv(3, 64, 7, 64, 16, stride=2),
    "conv depthwise 5x5 64, 32x32, batch 32": lambda: conv(64, 64, 5, 32, 32, groups=64),
    "batch norm 64, 32x32, batch 32": lambda: layer(nn.BatchNorm2d(64), 32, 64, 32, 32),
    "batch norm [64, 1024]": lambda: layer(nn.BatchNorm1d(1024), 64, 1024),
    "layer norm [2048, 384]": lambda: layer(nn.LayerNorm(384), 2048, 384),
    "max pool 2, 64, 24x24, batch 64": lambda: layer(nn.MaxPool2d(2), 64, 64, 24, 24),
    "gelu [2048, 1536]": lambda: layer(nn.GELU(), 2048, 1536),
    "lstm 128-128, 64 steps, batch 32": lambda: layer(nn.LSTM(128, 128), 64, 32, 128, first=True),
    "lstm 64-512, 32 steps, batch 16": lambda: layer(nn.LSTM(64, 512), 32, 16, 64, first=True),
    "gru 128-128, 64 steps, batch 32": lambda: layer(nn.GRU(128, 128), 64, 32, 128, first=True),
    "rnn 128-128, 64 steps, batch 32": lambda: layer(nn.RNN(128, 128), 64, 32, 128, first=True),
    "attention [8, 8, 128, 64]": lambda: attention(8, 8, 128, 64),
    "causal attention [4, 8, 512, 64]": lambda: attention(4, 8, 512, 64, causal=True),
    "causal attention [1, 8, 2048, 64]": lambda: attention(1, 8, 2048, 64, causal=True),
    "attention [32, 4, 16, 16]": lambda: attention(32, 4, 16, 16),
}
