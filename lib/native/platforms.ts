/** @file The packages that hold what is built: the only list of them. scripts/packages/make.mjs makes them. */

/** A package with the addon for one kind of machine, or with the CUDA library. */
export interface PlatformPackage {
  readonly name: string;
  readonly os: 'linux' | 'darwin';
  readonly cpu: 'x64' | 'arm64';
  /** The C library, on Linux. */
  readonly libc?: 'glibc' | 'musl';
}

/** What package managers choose from by os, cpu and libc (`optionalDependencies` of the published package). */
export const addonPackages: readonly PlatformPackage[] = [
  { name: '@nodegrad/linux-x64-gnu', os: 'linux', cpu: 'x64', libc: 'glibc' },
  { name: '@nodegrad/linux-x64-musl', os: 'linux', cpu: 'x64', libc: 'musl' },
  { name: '@nodegrad/linux-arm64-gnu', os: 'linux', cpu: 'arm64', libc: 'glibc' },
  { name: '@nodegrad/darwin-arm64', os: 'darwin', cpu: 'arm64' },
  { name: '@nodegrad/darwin-x64', os: 'darwin', cpu: 'x64' },
];

/** What users with a GPU install besides (an optional `peerDependencies` of the published package). */
export const cudaPackages: readonly PlatformPackage[] = [
  { name: '@nodegrad/linux-x64-cuda', os: 'linux', cpu: 'x64', libc: 'glibc' },
];

/** Those for this machine. Of several, the loader takes the first that can be loaded: nothing here asks for the C library. */
export const forThisMachine = (packages: readonly PlatformPackage[]): PlatformPackage[] =>
  packages.filter(({ os, cpu }) => os === process.platform && cpu === process.arch);
