/** @file What is written down of a run: plain data that JSON holds, which pages are made of. Types only: the browser's side has them too. */

/** The logs of one epoch, counted from 0. */
export interface EpochLogs {
  epoch: number;
  logs: Record<string, number>;
}

/** Values of steps, thinned: every `stride`-th step has been taken. */
export interface Steps {
  /** How many steps there were. */
  count: number;
  stride: number;
  /** The numbers of the steps, counted from 1. */
  at: number[];
  /** By name a value for each of `at`; null where there was none. */
  values: Record<string, (number | null)[]>;
}

/** What an example looks like: a picture as a data URI, or numbers. */
export type Shown = { picture: string; width: number; height: number } | { numbers: number[]; shape: number[] };

/** One example: what it is, what the model says of it, and what is right. */
export interface Sample {
  inputs: Shown[];
  prediction: string;
  truth: string;
  /** Of classes: whether they are the same. */
  right: boolean | null;
}

/** What the model makes of the data that it is looked at with. */
export interface Seen {
  /** After which epoch, counted from 0. */
  epoch: number;
  examples: number;
  /** How often each class (row) was taken for each (column). Null: no classes, or too many. */
  confusion: number[][] | null;
  /** The names of classes, as far as they have some. */
  classes: string[];
  /** The wrong ones first. */
  samples: Sample[];
}

/** What somebody did to the run from outside. */
export interface Intervention {
  /** How many steps had been made. */
  step: number;
  what: string;
}

/** How a run is. `stopped`: by a callback or by hand; `aborted`: by the signal; `failed`: something was thrown. */
export type RunStatus = 'running' | 'paused' | 'ended' | 'stopped' | 'aborted' | 'failed';

/** One training. */
export interface RunRecord {
  /** Of this form. */
  format: 1;
  id: string;
  title: string;
  /** ISO 8601. */
  started: string;
  status: RunStatus;
  /** Why it failed. */
  error: string | null;
  /** The number at which epochs end. */
  plannedEpochs: number;
  stepsPerEpoch: number | null;
  epochs: EpochLogs[];
  steps: Steps;
  seen: Seen | null;
  interventions: Intervention[];
  /** The table of layers. */
  model: string;
  /** Sentences about the data. */
  data: string[];
  /** What it ran on, by name. */
  environment: Record<string, string>;
  /** What it takes to do it again, by name. */
  reproduce: Record<string, string>;
}

/** What a page shows. */
export interface PageData {
  title: string;
  runs: RunRecord[];
  /** Whether more comes from the server that the page is from. */
  live: boolean;
}

/** What a server tells of one run: the parts that are new. Points of `steps` and `epochs` take the place of those `from` there on. */
export interface RunUpdate {
  id: string;
  from: { steps: number; epochs: number };
  run: Partial<RunRecord>;
}
