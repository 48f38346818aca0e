/** @file What kernels are given of tensors. */
import type { Storage } from './storage';

/** What a kernel sees of a tensor. */
export interface BufferArg {
  readonly storage: Storage;
  /** In elements. */
  readonly offset: number;
  readonly dtypeCode: number;
  /** What a view shows; null for the owner of its memory, and unknown where it is part of some. */
  readonly base?: BufferArg | null | undefined;
  readonly numel?: number | undefined;
}

declare const role: unique symbol;

/** A {@link BufferArg} that a kernel writes: said at the call, so that inputs and outputs cannot be exchanged. */
export interface Written {
  readonly [role]: 'written';
}

/** Memory that a kernel is to write. */
export function written(b: BufferArg): Written;
export function written(b: BufferArg | null): Written | null;
export function written(b: BufferArg | null): Written | null {
  return b as Written | null;
}

/** Several of them. */
export const writtenAll = (list: readonly BufferArg[]): readonly Written[] => list as unknown as readonly Written[];
