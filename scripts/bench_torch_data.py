# The loaders of scripts/bench-data.ts in PyTorch. Reads lines "case workers [folder]", answers with examples per second.
import pathlib
import sys
import time

import torch
from torch.utils.data import DataLoader, Dataset, TensorDataset

torch.set_num_threads(int(sys.argv[1]))


class Folder(Dataset):
    """What torchvision's ImageFolder does with Resize and ToTensor, by Pillow and NumPy."""

    def __init__(self, root):
        from PIL import Image
        import numpy

        self.image, self.numpy = Image, numpy
        classes = sorted(p for p in pathlib.Path(root).iterdir() if p.is_dir())
        self.files = [(f, i) for i, c in enumerate(classes) for f in sorted(c.iterdir())]

    def __len__(self):
        return len(self.files)

    def __getitem__(self, i):
        file, label = self.files[i]
        with self.image.open(file) as image:
            pixels = self.numpy.asarray(image.convert("RGB").resize((64, 64), self.image.BILINEAR))
        return torch.from_numpy(pixels.copy()).permute(2, 0, 1).float().div_(255), label


def tensors():
    return TensorDataset(torch.rand(60000, 1, 28, 28), torch.randint(0, 10, (60000,)))


loaders = {}
for line in sys.stdin:
    case, workers, *folder = line.split()
    key = (case, workers)
    if key not in loaders:
        dataset = Folder(folder[0]) if folder else tensors()
        n = int(workers)
        loaders[key] = DataLoader(dataset, batch_size=64, shuffle=True, num_workers=n, persistent_workers=n > 0)
    started, count = time.perf_counter(), 0
    for x, y in loaders[key]:
        count += len(y)
    print(count / (time.perf_counter() - started), flush=True)
