/** @file Learning-rate schedules, as torch.optim.lr_scheduler. */
export { LRScheduler } from './base';
export type { SchedulerState } from './base';
export * from './decay';
export * from './cosine';
export * from './cycle';
export * from './plateau';
export * from './combine';
export * from './scaling';
