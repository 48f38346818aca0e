# The networks of scripts/bench-models.ts in PyTorch: by name, the network, its batch and its loss.
import torch
from torch import nn
from torch.nn import functional as F


def stack(sizes):
    layers = []
    for i, out in enumerate(sizes[1:]):
        layers += [nn.Linear(sizes[i], out), nn.ReLU()]
    return nn.Sequential(*layers[:-1])


def labels(batch, classes=10):
    return torch.randint(0, classes, (batch,))


def mlp(sizes, batch):
    return stack(sizes), torch.rand(batch, sizes[0]), labels(batch, sizes[-1]), F.cross_entropy


def regression(sizes, batch):
    return stack(sizes), torch.rand(batch, sizes[0]), torch.rand(batch, sizes[-1]), F.mse_loss


def autoencoder(batch):
    x = torch.rand(batch, 784)
    return stack([784, 256, 64, 256, 784]), x, x, F.mse_loss


def cnn28(batch):
    convolutions = [nn.Conv2d(1, 32, 3), nn.ReLU(), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2)]
    model = nn.Sequential(*convolutions, nn.Flatten(), nn.Linear(9216, 128), nn.ReLU(), nn.Linear(128, 10))
    return model, torch.rand(batch, 1, 28, 28), labels(batch), F.cross_entropy


def conv(inner, outer, size, stride):
    layer = nn.Conv2d(inner, outer, size, stride=stride, padding=size // 2, bias=False)
    return nn.Sequential(layer, nn.BatchNorm2d(outer))


class BasicBlock(nn.Module):
    def __init__(self, inner, outer, stride):
        super().__init__()
        self.first, self.second = conv(inner, outer, 3, stride), conv(outer, outer, 3, 1)
        self.shortcut = None if inner == outer and stride == 1 else conv(inner, outer, 1, stride)

    def forward(self, x):
        y = self.second(F.relu(self.first(x)))
        return F.relu(y + (x if self.shortcut is None else self.shortcut(x)))


def resnet18(batch):
    widths, blocks = [64, 64, 128, 256, 512], []
    for i, outer in enumerate(widths[1:]):
        blocks += [BasicBlock(widths[i], outer, 1 if i == 0 else 2), BasicBlock(outer, outer, 1)]
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 10)]
    model = nn.Sequential(conv(3, 64, 3, 1), nn.ReLU(), *blocks, *head)
    return model, torch.rand(batch, 3, 32, 32), labels(batch), F.cross_entropy


class Last(nn.Module):
    def __init__(self, layer):
        super().__init__()
        self.head, self.layer = nn.Linear(128, 10), layer

    def forward(self, x):
        return self.head(self.layer(x)[0][:, -1])


def recurrent(kind, batch):
    return Last(kind(32, 128, batch_first=True)), torch.rand(batch, 50, 32), labels(batch), F.cross_entropy


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.projection = nn.Linear(width, 3 * width, bias=False), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x):
        batch, length, width = x.shape
        parts = self.qkv(self.norm1(x)).chunk(3, -1)
        q, k, v = (t.reshape(batch, length, self.heads, width // self.heads).transpose(1, 2) for t in parts)
        seen = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.projection(seen.transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp(self.norm2(x))


class GPT(nn.Module):
    def __init__(self, layers, width, heads, length):
        super().__init__()
        self.token, self.position = nn.Embedding(65, width), nn.Embedding(length, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm = nn.LayerNorm(width)

    def forward(self, tokens):
        x = self.token(tokens) + self.position.weight
        return F.linear(self.norm(self.blocks(x)), self.token.weight).reshape(-1, 65)


def gpt(layers, width, heads, length, batch):
    x = torch.randint(0, 65, (batch, length))
    return GPT(layers, width, heads, length), x, labels(batch * length, 65), F.cross_entropy


MODELS = {
    "mlp 20-64-32-1, batch 32": lambda: regression([20, 64, 32, 1], 32),
    "mlp 784-128-10, batch 64": lambda: mlp([784, 128, 10], 64),
    "mlp 784-128-10, batch 512": lambda: mlp([784, 128, 10], 512),
    "mlp 784-1024-1024-10, batch 128": lambda: mlp([784, 1024, 1024, 10], 128),
    "autoencoder, batch 128": lambda: autoencoder(128),
    "cnn28, batch 64": lambda: cnn28(64),
    "resnet18 32x32, batch 32": lambda: resnet18(32),
    "lstm 32-128, 50 steps, batch 64": lambda: recurrent(nn.LSTM, 64),
    "gru 32-128, 50 steps, batch 64": lambda: recurrent(nn.GRU, 64),
    "gpt 4x128, 64 tokens, batch 12": lambda: gpt(4, 128, 4, 64, 12),
    "gpt 6x384, 256 tokens, batch 8": lambda: gpt(6, 384, 6, 256, 8),
}
