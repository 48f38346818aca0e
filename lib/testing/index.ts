/** @file For tests of programs that use nodegrad. */
export { assertClose } from './assert-close';
export type { AssertCloseOptions, Comparable } from './assert-close';
export { matchers } from './matchers';
export type { Matched, TensorMatchers } from './matchers';
