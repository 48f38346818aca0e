/** @file Public data sets by name. */
export { mnist, MnistDataset, type MnistOptions } from './mnist';
