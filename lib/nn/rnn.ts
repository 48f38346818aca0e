/** @file What `nn.utils.rnn` exports. */
export {
  PackedSequence,
  packPaddedSequence,
  packSequence,
  padPackedSequence,
  padSequence,
  unpackSequence,
  unpadSequence,
} from './packed';
export type { PackOptions, PadOptions, PadPackedOptions } from './packed';
