/** @file A tour of tensors: creation, arithmetic, shapes, indexing, reading, printing. Takes --quick like all examples. */
import * as ng from 'nodegrad';

async function main(): Promise<void> {
  const a = ng.tensor([
    [1, 2],
    [3, 4],
  ]); // float32, shape [2, 2]
  const b = ng.tensor(new Float64Array(6), { shape: [2, 3] }); // dtype follows the typed array
  console.log(ng.zeros([2, 3]), ng.ones([2]), ng.full([2, 2], 7), ng.eye(3), ng.arange(0, 10, 2), ng.linspace(0, 1, 5));

  ng.manualSeed(0);
  const p = ng.tensor([0.1, 0.2, 0.3, 0.4]);
  console.log(ng.rand([2, 3]), ng.randn([2, 3]), ng.randint(0, 10, [5]), ng.randperm(8), ng.multinomial(p, 4));
  console.log(a.shape, a.ndim, a.numel, a.dtype, a.device, a.requiresGrad, a.grad, a.strides, a.isContiguous());

  // Arithmetic broadcasts and promotes as in PyTorch.
  const c = ng.tensor([10, 20]);
  console.log(a.add(c), a.sub(1), a.mul(c), a.div(2), a.pow(2), a.matmul(a), ng.matmul(a, c), b.dtype);
  const x = ng.rand([5, 2, 3]);
  const y = ng.rand([5, 3, 4]);
  console.log(ng.einsum('bij,bjk->bik', x, y).shape);

  // Reductions.
  console.log(a.sum(), a.sum(1, { keepdim: true }), a.mean([0, 1]), a.max(1).values, a.argmax(-1));
  console.log(a.std(0, { correction: 1 }));

  // Shapes: views where PyTorch gives views.
  console.log(
    a.reshape([4]),
    a.view([4]),
    a.transpose(0, 1),
    a.permute([1, 0]),
    a.T,
    a.squeeze(),
    a.unsqueeze(0).shape,
  );
  console.log(a.expand([3, 2, 2]).shape);

  // Indexing; ng.s() is a slice.
  const indices = ng.tensor([1, 0], { dtype: 'int64' });
  console.log(a.at(0), a.at([0, 1]), a.at([ng.s(), -1]), a.at([ng.s(0, 2), ng.s(null, null, 2)]), a.at([indices]));
  console.log(a.indexSelect(0, indices), a.gather(1, indices.unsqueeze(1)));
  console.log(a.scatter(1, indices.unsqueeze(1), ng.tensor([[9], [8]])), a.maskedFill(a.gt(2), 0));
  console.log(a.topk(1, 1), a.sort(1));
  console.log(ng.cat([a, a], 1), ng.stack([a, a]).shape, a.split(1, 0), a.chunk(2), a.flip([0]), a.pad([1, 1]));
  console.log(ng.where(a.gt(2), a, a.neg()));

  // dtypes, copies, in place.
  console.log(a.to('float64'), a.clone(), a.detach(), a.T.contiguous());
  a.add_(c);
  a.mul_(0.5);
  a.copy_(ng.ones([2, 2]));
  a.zero_();

  // Reading: promises leave the event loop free, the Sync forms block.
  console.log(await a.data(), await a.array(), await a.sum().item());
  console.log(a.dataSync(), a.arraySync(), a.sum().itemSync());
  console.log(String(a));
  console.log(ng.memory());
}

void main();
