# The ops that scripts/bench.ts measures, by PyTorch: prints JSON, microseconds by name.
#   python bench_torch.py <threads> <milliseconds per figure> [only names with this] < cases of test/op-table/perf.ts
# Its training steps, turn by turn: see scripts/bench_torch_models.py.
import json
import re
import sys
import time

import torch
from torch.nn import functional as F

THREADS, MILLISECONDS = int(sys.argv[1]), float(sys.argv[2])
ONLY = sys.argv[3] if len(sys.argv) > 3 else ""
torch.set_num_threads(THREADS)
torch.manual_seed(0)
micros = {}


def measure(name, times, op):
    if ONLY not in name:
        return

    def one():
        started = time.perf_counter()
        for _ in range(times):
            op()
        return (time.perf_counter() - started) * 1e6 / times

    until = time.perf_counter() + MILLISECONDS / 4000
    while time.perf_counter() < until:
        one()
    rounds = []
    until = time.perf_counter() + MILLISECONDS / 1000
    while time.perf_counter() < until or len(rounds) < 5:
        rounds.append(one())
    micros[name] = sorted(rounds)[len(rounds) // 2]


def snake(name):
    return re.sub(r"([A-Z])", lambda m: "_" + m[1].lower(), name)


def tensor(of):
    low, high = of.get("low", -2), of.get("high", 2)
    t = torch.rand(of["shape"]) * (high - low) + low
    return t.long() if of.get("dtype") == "int64" else t


# Rows of the op table, by their names; one that PyTorch has not, or calls otherwise, has no figure.
for case in json.load(sys.stdin):
    op = snake(case["op"])
    fn = getattr(torch, op, None) or getattr(F, op, None)
    inputs, args = [tensor(i) for i in case["inputs"]], case["args"]
    named = {snake(k): v for k, v in args.pop().items()} if args and isinstance(args[-1], dict) else {}
    try:
        started = time.perf_counter()
        fn(*inputs, *args, **named)
        once = time.perf_counter() - started
        times = max(1, min(2000, round(0.002 / once)))
        measure(case["name"], times, lambda: fn(*inputs, *args, **named))
    except (TypeError, RuntimeError) as e:
        print(f"without PyTorch's {case['name']}: {e}".split("\n")[0], file=sys.stderr)


def optimizer(name, options):
    shapes = [(128, 784), (128,), (10, 128), (10,)]
    parameters = [torch.rand(s, requires_grad=True) for s in shapes if name != "Muon" or len(s) == 2]
    for p in parameters:
        p.grad = torch.rand(p.shape)
    return getattr(torch.optim, name)(parameters, lr=1e-3, **options)


# The fastest of the ways that PyTorch has for a step; the names of its optimizers without Lion and LAMB, which it has not.
for name in "SGD Adam AdamW NAdam RAdam Adamax RMSprop Adagrad Adadelta Adafactor Muon".split():
    title = f"{name} step, 784-128-10"
    best = None
    for options in ({}, {"foreach": True}, {"fused": True}):
        try:
            measure(title, 5 if name == "Muon" else 100, optimizer(name, options).step)
        except (TypeError, RuntimeError):
            continue  # not of this optimizer
        if title in micros:
            best = micros[title] = min(best or micros[title], micros[title])

a, b, m = torch.ones(4), torch.ones(4), torch.ones(4, 4)
leaf = torch.ones(4, requires_grad=True)


def chain():
    t = leaf.add(b)
    for _ in range(8):
        t = t.add(b)
    t.sum().backward()
    leaf.grad = None


measure("add [4]", 2000, lambda: a.add(b))
measure("add [4], recorded", 2000, lambda: leaf.add(b))
measure("add_ [4]", 2000, lambda: a.add_(b))
measure("add [4], 10 ops and backward", 200, chain)
measure("matmul [4, 4]", 2000, lambda: m @ m)

print(json.dumps(micros))
