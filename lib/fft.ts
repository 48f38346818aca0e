/** @file `ng.fft`: Fourier transforms under the names of torch.fft. Complex numbers are pairs in a last dimension of 2. */
export * from './ops/signal/fourier';
