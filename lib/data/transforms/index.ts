/**
 * @file Transforms of batches of images: torchvision's names and numbers, but random for each image of a batch, and on
 * the device where it lies.
 */
export { RandomAffine, RandomRotation } from './affine';
export type { RandomAffineOptions, RandomRotationOptions } from './affine';
export { GaussianBlur } from './blur';
export type { GaussianBlurOptions } from './blur';
export { ColorJitter, Grayscale, Normalize, RandomGrayscale } from './colors';
export type { ColorJitterOptions, RandomGrayscaleOptions } from './colors';
export { compose } from './compose';
export type { Composed, ImageFunction } from './compose';
export { CenterCrop, Pad, RandomCrop, RandomResizedCrop } from './crops';
export type { PadOptions, RandomCropOptions, RandomResizedCropOptions } from './crops';
export { RandomErasing } from './erasing';
export type { RandomErasingOptions } from './erasing';
export { RandomHorizontalFlip, RandomVerticalFlip } from './flips';
export type { FlipOptions } from './flips';
export { CutMix, MixUp } from './mix';
export type { MixOptions } from './mix';
export { Resize } from './resize';
export type { ResizeOptions } from './resize';
export { Transform } from './transform';
export type { Fill, PaddingMode } from './params';
