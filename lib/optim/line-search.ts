/**
 * @file A line search for the strong Wolfe conditions: along a direction, a step that lowers the function enough and at
 * which its slope is small. Nocedal and Wright, Numerical Optimization (2006), algorithms 3.5 and 3.6; order of the
 * evaluations and constants as torch.optim.LBFGS.
 */
import { type Tensor } from '../core/tensor';

/** One point on the line. */
export interface Point {
  /** How far along the direction. */
  t: number;
  loss: number;
  /** The gradient, as one vector. */
  grad: Tensor;
  /** Its component along the direction. */
  slope: number;
}

// Sufficient decrease, and the part of the slope that may remain.
const c1 = 1e-4;
const c2 = 0.9;

/** The minimum of the cubic through two points with their slopes, within bounds. */
function cubicMinimum(a: Point, b: Point, low = Math.min(a.t, b.t), high = Math.max(a.t, b.t)): number {
  const d1 = a.slope + b.slope - (3 * (a.loss - b.loss)) / (a.t - b.t);
  const square = d1 * d1 - a.slope * b.slope;
  if (!(square >= 0)) return (low + high) / 2;
  const d2 = Math.sqrt(square);
  const at =
    a.t <= b.t
      ? b.t - (b.t - a.t) * ((b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2))
      : a.t - (a.t - b.t) * ((a.slope + d2 - d1) / (a.slope - b.slope + 2 * d2));
  return Math.min(Math.max(at, low), high);
}

/**
 * @param start - the point at t = 0
 * @param t - the first step to try
 * @param evaluate - the point at t
 * @param length - the largest element of the direction
 */
export function strongWolfe(
  start: Point,
  t: number,
  evaluate: (t: number) => Point,
  length: number,
  toleranceChange: number,
  most: number,
): { point: Point; evaluations: number } {
  const tooHigh = (p: Point): boolean => p.loss > start.loss + c1 * p.t * start.slope;
  const flat = (p: Point): boolean => Math.abs(p.slope) <= -c2 * start.slope;
  let [before, now] = [start, evaluate(t)];
  let evaluations = 1;

  // Widen the step until a minimum must lie between two points.
  let bracket: [Point, Point] | undefined;
  for (let i = 0; i < most; i++) {
    if (tooHigh(now) || (i > 1 && now.loss >= before.loss)) {
      bracket = [before, now];
      break;
    }
    if (flat(now)) return { point: now, evaluations };
    if (now.slope >= 0) {
      bracket = [before, now];
      break;
    }
    const next = cubicMinimum(before, now, now.t + 0.01 * (now.t - before.t), now.t * 10);
    [before, now] = [now, evaluate(next)];
    evaluations++;
  }
  bracket ??= [start, now];

  // Narrow it.
  let slow = false;
  let low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
  while (evaluations <= most) {
    const [left, right] = [Math.min(bracket[0].t, bracket[1].t), Math.max(bracket[0].t, bracket[1].t)];
    if ((right - left) * length < toleranceChange) break;
    let next = cubicMinimum(bracket[0], bracket[1]);
    // Twice in a row next to an end, or beyond it: into the inside.
    const margin = 0.1 * (right - left);
    if (Math.min(right - next, next - left) < margin) {
      if (slow || next >= right || next <= left) {
        next = Math.abs(next - right) < Math.abs(next - left) ? right - margin : left + margin;
        slow = false;
      } else slow = true;
    } else slow = false;

    const point = evaluate(next);
    evaluations++;
    const high = 1 - low;
    if (tooHigh(point) || point.loss >= bracket[low]!.loss) {
      bracket[high] = point;
      low = bracket[0].loss <= bracket[1].loss ? 0 : 1;
    } else {
      const done = flat(point);
      if (!done && point.slope * (bracket[high]!.t - bracket[low]!.t) >= 0) bracket[high] = bracket[low]!;
      bracket[low] = point;
      if (done) break;
    }
  }
  return { point: bracket[low]!, evaluations };
}
