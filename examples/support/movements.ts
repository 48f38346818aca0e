/**
 * @file Made signals of movements, as a phone at the waist would measure them, and a table about its owner. In the image of the
 * studies of human activity recognition (Anguita et al. 2013), but made, not measured: steps with harmonics whose rate goes with
 * the length of the legs, gravity turned by posture and by how the phone is worn, bias and noise of the sensors, and people
 * who differ in all of these.
 */
import * as ng from 'nodegrad';

/** The movements, in the order of their numbers. */
export const kinds = ['walking', 'upstairs', 'downstairs', 'sitting', 'standing', 'lying'];
/** How many measurements an example has, and how many there are per second. */
export const [steps, rate] = [128, 50];
/** Body acceleration along three axes (g), rates of turning (rad/s), acceleration with gravity (g). */
export const channels = 9;
/** Years, metres, kilograms, beats per minute at rest, beats per minute now. */
export const columns = ['age', 'height', 'weight', 'resting heart rate', 'heart rate'];

/** Examples by the names of the network's inputs, and the movements' numbers. */
export interface Movements {
  timeseries: ng.Tensor;
  tabular: ng.Tensor;
  labels: ng.Tensor;
}

/** What a movement does, one number per kind, in the order above. */
const typical = {
  pace: [1.9, 1.6, 2.0, 0.2, 0.3, 0.15], // steps per second; at rest: breathing and sway
  strength: [0.22, 0.2, 0.32, 0.006, 0.012, 0.004], // of the vertical acceleration, in g
  impact: [0.35, 0.3, 0.7, 0, 0, 0], // share of the harmonics: feet that hit the ground
  turning: [0.5, 0.7, 0.7, 0.01, 0.02, 0.01], // rad/s, of the hips
  lean: [0.05, 0.2, -0.05, 0.35, 0, 1.5], // rad, of the trunk
  heart: [30, 65, 40, 3, 12, 0], // beats per minute above rest
};

/** A normal variable of the given spread for each example: [n, 1]. */
const varied = (n: number, mean: number, spread: number): ng.Tensor => ng.randn([n, 1]).mul(spread).add(mean);

/** `each` examples of every movement for every person: signals [n, 128, 9], tables [n, 5], and the movements' numbers. */
export function movements(people: number, each: number): Movements {
  const [perPerson, n] = [each * kinds.length, people * each * kinds.length];
  const labels = ng.arange(n, { dtype: 'int64' }).remainder(kinds.length);
  const of = (numbers: number[]): ng.Tensor => ng.tensor(numbers).at([labels]).unsqueeze(1);
  // What belongs to a person is the same in all of that person's examples.
  const own = (mean: number, spread: number): ng.Tensor => varied(people, mean, spread).repeatInterleave(perPerson, 0);

  const [age, height, bmi, restingHeart] = [own(45, 13), own(1.7, 0.1), own(25, 3.5), own(65, 8)];
  const heart = restingHeart.add(
    of(typical.heart)
      .mul(age.mul(-0.004).add(1.18))
      .mul(varied(n, 1, 0.2)),
  );
  const tabular = ng.cat([age, height, bmi.mul(height.square()), restingHeart, heart.add(varied(n, 0, 3))], 1);

  // A pendulum of the length of a leg swings at a rate that goes with 1 / sqrt(length).
  const pace = of(typical.pace)
    .mul(height.div(1.7).rsqrt())
    .mul(own(1, 0.08))
    .mul(varied(n, 1, 0.05));
  const strength = of(typical.strength)
    .mul(own(1, 0.25))
    .mul(varied(n, 1, 0.15));
  const turning = of(typical.turning)
    .mul(own(1, 0.25))
    .mul(varied(n, 1, 0.15));
  const t = ng
    .arange(steps)
    .div(rate)
    .add(ng.rand([n, 1]).mul(2).div(pace));
  const wave = (cycles: number, shift: number): ng.Tensor =>
    ng.sin(
      t
        .mul(pace)
        .mul(cycles)
        .add(shift)
        .mul(2 * Math.PI),
    );
  // Left and right foot are two steps of one stride: sideways everything happens at half the rate.
  const impact = of(typical.impact).mul(own(1, 0.2));
  const body = [
    wave(1, 0.25)
      .add(impact.mul(wave(2, 0.25)))
      .add(impact.square().mul(wave(3, 0.25)))
      .mul(strength),
    wave(0.5, 0.2)
      .add(impact.mul(wave(1.5, 0)))
      .mul(strength.mul(0.5)),
    wave(1, 0.25)
      .add(impact.mul(wave(2, 0.4)))
      .mul(strength.mul(0.6)),
  ];
  const turn = [wave(0.5, 0.1), wave(0.5, 0.35), wave(1, 0.6).add(impact.mul(wave(2, 0)))].map((w, i) =>
    w.mul(turning).mul([1, 0.8, 0.6][i]!),
  );
  const pitch = of(typical.lean)
    .add(own(0, 0.12))
    .add(varied(n, 0, 0.1))
    .add(turning.mul(0.05).mul(wave(1, 0.3)));
  const roll = own(0, 0.12)
    .add(varied(n, 0, 0.1))
    .expand([n, steps]);
  const gravity = [pitch.cos().mul(roll.cos()), roll.sin(), pitch.sin().mul(roll.cos())];
  const clean = ng.stack([...body, ...turn, ...body.map((b, i) => b.add(gravity[i]!))], 2);
  const noise = ng.tensor([0.03, 0.03, 0.03, 0.08, 0.08, 0.08, 0.03, 0.03, 0.03]);
  const bias = ng.randn([n, 1, channels]).mul(noise).mul(0.5);
  return { timeseries: clean.add(ng.randn([n, steps, channels]).mul(noise)).add(bias), tabular, labels };
}
