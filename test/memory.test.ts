/** @file Memory without dispose: collection under pressure, limits, statistics, explicit release. */
import * as ng from '../lib';
import { collectGarbage } from '../lib/native';
import { caught } from './caught';

test('a loop that never yields stays at its watermark', () => {
  for (let i = 0; i < 3000; i++) ng.zeros([512, 512]); // 3 GB in all
  expect(ng.memory().live).toBeLessThan(400e6);
  expect(ng.memory().peak).toBeLessThan(400e6);
});

test('the limit is a named error, nothing is lost, and memory can be had again', () => {
  collectGarbage(true);
  ng.emptyCache();
  const kept = ng.ones([100]);
  ng.setMemoryLimit(64e6);
  try {
    const hold: ng.Tensor[] = [];
    const thrown = caught(() => {
      for (let i = 0; i < 100; i++) hold.push(ng.zeros([1024, 1024]));
    });
    expect(thrown).toBeInstanceOf(ng.OutOfMemoryError);
    expect((thrown as ng.OutOfMemoryError).code).toBe('ERR_OUT_OF_MEMORY');
    expect(hold.length).toBeGreaterThan(5);
    expect(kept.sum().itemSync()).toBe(100);
    hold.forEach((t) => t.dispose());
    expect(ng.zeros([1024, 1024]).numel).toBe(2 ** 20);
  } finally {
    ng.setMemoryLimit(Infinity);
  }
});

test('dead tensors are collected before the limit is an error', () => {
  collectGarbage(true);
  ng.emptyCache();
  ng.setMemoryLimit(100e6);
  try {
    for (let i = 0; i < 200; i++) ng.zeros([1024, 1024]);
  } finally {
    ng.setMemoryLimit(Infinity);
  }
});

test('dispose frees when the last view is gone; later use is a named error', () => {
  collectGarbage(true);
  const before = ng.memory().live;
  const a = ng.zeros([1000]);
  const v = a.reshape([10, 100]);
  a.dispose();
  expect(ng.memory().live).toBeGreaterThan(before);
  expect(v.sum().itemSync()).toBe(0);
  collectGarbage(true);
  v.dispose();
  expect(() => a.add(1)).toThrow(ng.DisposedError);
  expect(() => v.dataSync()).toThrow(ng.DisposedError);
});

test('numbers are not made for a tensor that there is no memory for', () => {
  ng.setMemoryLimit(64e6);
  const before = process.memoryUsage().rss;
  try {
    for (const make of [() => ng.linspace(0, 1, 5e7), () => ng.ones([3]).histogram(5e7)])
      expect(caught(make)).toMatchObject({ code: 'ERR_OUT_OF_MEMORY' });
  } finally {
    ng.setMemoryLimit(Infinity);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(200e6);
});

test('absurd sizes are refused', () => {
  expect(() => ng.zeros([2 ** 40])).toThrow(ng.OutOfMemoryError);
  expect(() => ng.zeros([2 ** 30, 2 ** 30])).toThrow(ng.ShapeError);
  expect(() =>
    ng
      .ones([1])
      .expand([2 ** 40])
      .contiguous(),
  ).toThrow(ng.OutOfMemoryError);
});

test('memory statistics count live blocks and remember the peak', () => {
  collectGarbage(true);
  ng.resetPeakMemory();
  const base = ng.memory();
  const a = ng.zeros([1 << 20]);
  expect(ng.memory().live - base.live).toBe(4 << 20);
  expect(ng.memory().tensors - base.tensors).toBe(1);
  a.dispose();
  expect(ng.memory().live).toBe(base.live);
  expect(ng.memory().peak).toBeGreaterThanOrEqual(base.live + (4 << 20));
});
