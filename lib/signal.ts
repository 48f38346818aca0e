/** @file `ng.signal`: what torch.signal has. */
export * as windows from './signal-windows';
