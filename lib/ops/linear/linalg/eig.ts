/**
 * @file Eigenvalues and eigenvectors of general real matrices. They are complex: pairs of real and imaginary part in a
 * last dimension of 2, as in `ng.fft`.
 */
import { needsTracking } from '../../../core/autograd';
import type { Tensor } from '../../../core/tensor';
import { kernel, written } from '../../../native';
import { add, div, mul, neg, sub } from '../../elementwise/arithmetic';
import { eye } from '../../tensors/create';
import { diagEmbed, diagonal } from '../../shape/diagonals';
import { cat } from '../../shape/joining';
import { denseOf } from '../../kit/launch';
import { definePrimitive } from '../../kit/primitive';
import { square } from '../../elementwise/math';
import { matmul } from '../matmul';
import { narrow, squeeze, unsqueeze } from '../../shape/views';
import { where } from '../../elementwise/where';
import * as p from './parts';
import { solve } from './solve';

const eigKernel = kernel('eig');

/** A complex tensor as its two parts, which gradients need apart. */
interface Complex {
  re: Tensor;
  im: Tensor;
}

const part = (pairs: Tensor, i: number): Tensor => squeeze(narrow(pairs, -1, i, 1), -1);
const parts = (pairs: Tensor): Complex => ({ re: part(pairs, 0), im: part(pairs, 1) });
const each = (a: Complex, f: (t: Tensor) => Tensor): Complex => ({ re: f(a.re), im: f(a.im) });
const minus = (a: Complex, b: Complex): Complex => ({ re: sub(a.re, b.re), im: sub(a.im, b.im) });
const adjoint = (a: Complex): Complex => ({ re: p.mT(a.re), im: neg(p.mT(a.im)) });
const times = (a: Complex, b: Complex): Complex => ({
  re: sub(matmul(a.re, b.re), matmul(a.im, b.im)),
  im: add(matmul(a.re, b.im), matmul(a.im, b.re)),
});

// The solution of a x = b as one real system: [re -im; im re].
function solution(a: Complex, b: Complex): Complex {
  const n = p.rowsOf(a.re);
  const rows = (x: Tensor, y: Tensor): Tensor => cat([x, y], -2);
  const system = cat([rows(a.re, a.im), rows(neg(a.im), a.re)], -1);
  const x = solve(system, rows(b.re, b.im));
  return { re: narrow(x, -2, 0, n), im: narrow(x, -2, n, n) };
}

// What gradients of the vectors ask of those of a, in the basis of the vectors: (V^H g - V^H V re(diag(V^H g))) over
// the conjugate gaps between the eigenvalues, and nothing on the diagonal.
function fromVectors(values: Complex, vectors: Complex, g: Complex): Complex {
  const v = adjoint(vectors);
  const inner = times(v, g);
  const own = unsqueeze(diagonal(inner.re, 0, -2, -1), -2);
  const turned = minus(
    inner,
    times(
      v,
      each(vectors, (t) => mul(t, own)),
    ),
  );
  const same = eye(p.rowsOf(inner.re), { dtype: 'bool', device: inner.re.device });
  const gap = each(values, (t) => sub(unsqueeze(t, -2), unsqueeze(t, -1)));
  // 1 / conj(gap) = gap / |gap|^2
  const size = where(same, 1, add(square(gap.re), square(gap.im)));
  const part = (t: Tensor): Tensor => where(same, 0, div(t, size));
  return {
    re: part(sub(mul(turned.re, gap.re), mul(turned.im, gap.im))),
    im: part(add(mul(turned.re, gap.im), mul(turned.im, gap.re))),
  };
}

// Boeddeker et al., On the computation of complex-valued gradients (2019), 4.77.
function eigGrad(gw: Tensor | undefined, gv: Tensor | undefined, w: Tensor, v: Tensor): Tensor {
  const vectors = parts(v);
  let inner = gw && each(parts(gw), (t) => diagEmbed(t));
  if (gv) {
    const turn = fromVectors(parts(w), vectors, parts(gv));
    inner = inner ? { re: add(inner.re, turn.re), im: add(inner.im, turn.im) } : turn;
  }
  return solution(adjoint(vectors), times(inner!, adjoint(vectors))).re;
}

function run(a: Tensor, vectors: boolean): [Tensor, Tensor | null] {
  const [n, batch] = [p.rowsOf(a), p.batchSize(a)];
  const w = p.like(a, [...a.shape.slice(0, -1), 2]);
  const v = vectors ? p.like(a, [...a.shape, 2]) : null;
  eigKernel(written(w), written(v), denseOf(a), batch, n);
  p.settle(w);
  return [w, v];
}

/**
 * Eigenvalues, in no order, and eigenvectors of length 1 (columns) of each square matrix: a v = v diag(w), complex as
 * pairs. The gradient is finite only where eigenvalues differ, and meaningful only for what does not depend on the
 * vectors' phases.
 * @returns eigenvalues [.., n, 2] and eigenvectors [.., n, n, 2]
 */
export function eig(a: Tensor): p.Named<'eigenvalues' | 'eigenvectors', [Tensor, Tensor]> {
  p.checkSquare('eig', a);
  return p.named(['eigenvalues', 'eigenvectors'], decomposed({ a }));
}

const decomposed = definePrimitive<{ a: Tensor }, void, [Tensor, Tensor], { w: Tensor; v: Tensor }>({
  name: 'eig',
  inputs: ['a'],
  forward({ a }) {
    const [w, v] = run(a, true) as [Tensor, Tensor];
    return { out: [w, v], kept: { w, v } };
  },
  reads: ['w', 'v'],
  derivative: ([gw, gv], { w, v }) => ({ a: eigGrad(gw, gv, w, v) }),
});

/** The eigenvalues of each square matrix, in no order, as pairs [.., n, 2]. */
export function eigvals(a: Tensor): Tensor {
  p.checkSquare('eigvals', a);
  return needsTracking([a]) ? eig(a)[0] : run(a, false)[0];
}
