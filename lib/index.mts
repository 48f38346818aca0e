// The ES module face of the package: the names of the CommonJS build, so that `import` and `require` share one native state.
export * from './index.js';
