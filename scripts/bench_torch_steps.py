# What scripts/bench-turns.ts talks to: every line that comes in is a number of steps (of training, or forward and backward
# of a layer), and the answer is the microseconds of one.
#   python bench_torch_steps.py <name> <threads> <eager | fused | compiled>
import json
import sys
import time

import torch
from bench_torch_layers import LAYERS
from bench_torch_models import MODELS


# Bytes: the most that this process ever held. Linux only; elsewhere None.
def peak_memory():
    try:
        with open("/proc/self/status") as status:
            return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))
    except OSError:
        return None


def compiled_if(kind, function):
    return torch.compile(function) if kind == "compiled" else function


def training(name, kind):
    model, x, y, criterion = MODELS[name]()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, fused=None if kind == "eager" else True)
    forward = compiled_if(kind, lambda: criterion(model(x), y))

    def step():
        loss = forward()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()

    return step


def both_ways(name, kind):
    leaves, function = LAYERS[name]()
    forward = compiled_if(kind, lambda: function().sum())

    def step():
        forward().backward()
        for leaf in leaves:
            leaf.grad = None

    return step


def main():
    name, threads, kind = sys.argv[1:4]
    torch.set_num_threads(int(threads))
    torch.manual_seed(0)
    before = peak_memory()
    step = (training if name in MODELS else both_ways)(name, kind)
    for line in sys.stdin:
        steps = int(line)
        started = time.perf_counter()
        for _ in range(steps):
            step()
        micros = (time.perf_counter() - started) * 1e6 / steps
        memory = None if before is None else peak_memory() - before
        print(json.dumps({"micros": micros, "memory": memory, "version": torch.__version__}), flush=True)


main()
