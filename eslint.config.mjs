// Lint rules, and the direction of imports: train -> io -> nn, optim, data -> ops -> core -> native.
import js from '@eslint/js';
import ts from 'typescript-eslint';

/** Forbids imports of `folders` (of lib/) from `files`, and of what is behind the door of lib/native. */
const mayNotImport = (files, folders) => ({
  files,
  rules: {
    'no-restricted-imports': [
      'error',
      {
        patterns: [
          ...folders.map((f) => ({
            regex: `^\\.{1,2}(/\\.\\.)*/${f}(/|$)`,
            message: 'Imports only point down; see docs/architecture.md.',
          })),
          { regex: '/native/', message: 'lib/native/index.ts is the one door to the addon.' },
        ],
      },
    ],
  },
});

export default ts.config(
  { ignores: ['dist/', 'build/', 'node_modules/', 'docs/api/', 'coverage/'] },
  js.configs.recommended,
  ...ts.configs.recommended,
  {
    files: ['**/*.ts', '**/*.mts'],
    languageOptions: { parserOptions: { projectService: { allowDefaultProject: ['*.mts'] } } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
      '@typescript-eslint/no-non-null-assertion': 'off',
      // What a subclass may use and this class does not.
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      // Tensors gain their methods by merging declarations, one interface per file.
      '@typescript-eslint/no-empty-object-type': 'off',
      '@typescript-eslint/no-unsafe-declaration-merging': 'off',
    },
  },
  {
    // No `any` comes out of nodegrad: programs of strict users lint clean.
    files: ['examples/**/*.ts'],
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-unsafe-argument': 'error',
      '@typescript-eslint/no-unsafe-assignment': 'error',
      '@typescript-eslint/no-unsafe-call': 'error',
      '@typescript-eslint/no-unsafe-member-access': 'error',
      '@typescript-eslint/no-unsafe-return': 'error',
    },
  },
  {
    files: ['**/*.js', '**/*.mjs', '**/*.cjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        require: 'readonly',
        module: 'writable',
        __dirname: 'readonly',
        Buffer: 'readonly',
      },
    },
    rules: { '@typescript-eslint/no-require-imports': 'off' },
  },
  mayNotImport(['lib/native/**'], ['ops', 'nn', 'optim', 'data', 'io', 'train']),
  mayNotImport(['lib/core/**'], ['ops', 'nn', 'optim', 'data', 'io', 'train']),
  mayNotImport(['lib/ops/**'], ['nn', 'optim', 'data', 'io', 'train']),
  mayNotImport(['lib/nn/**', 'lib/optim/**', 'lib/data/**'], ['io', 'train']),
  mayNotImport(['lib/io/**'], ['train']),
  mayNotImport(['lib/*.ts', 'lib/train/**', 'test/**', 'scripts/**'], []),
);
