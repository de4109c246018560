import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const root = dirname(fileURLToPath(import.meta.url));

/**
 * The rooms: what a folder may not import, as a regular expression on relative paths that leave it
 * (a plain glob would also hit `effects/lab` when it means `lab/`).
 */
function forbid(regex, message, more = []) {
  return {
    '@typescript-eslint/no-restricted-imports': [
      'error',
      { patterns: [{ regex, message }, commandAsTypesOnly, ...more] },
    ],
  };
}

/** `@pulumi/command` is a development dependency: its shapes are used, its code never. */
const commandAsTypesOnly = {
  group: ['@pulumi/command', '@pulumi/command/**'],
  allowTypeImports: true,
  message: '@pulumi/command is imported as types only.',
};

export default defineConfig(
  { ignores: ['dist/', 'out/', 'node_modules/', '**/.pulumi/'] },
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: root },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      '@typescript-eslint/strict-boolean-expressions': [
        'error',
        { allowString: false, allowNumber: false, allowNullableObject: false },
      ],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-import-type-side-effects': 'error',
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-unused-vars': [
        'error',
        { argsIgnorePattern: '^_', ignoreRestSiblings: true },
      ],
      // `test()` and `describe()` return promises that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: [
                'test',
                'it',
                'describe',
                'suite',
                'before',
                'after',
                'beforeEach',
                'afterEach',
              ],
            },
          ],
        },
      ],
      '@typescript-eslint/no-restricted-imports': ['error', { patterns: [commandAsTypesOnly] }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['core/**/*.ts'],
    rules: forbid(
      '^(\\.\\./)+(components|provider|effects|lab|demo|scenarios|bench|test)(/|$)',
      'core imports nothing but core.',
      [
        {
          // Three libraries that are pure themselves: addresses, schemas, and the text of compose files.
          regex: '^(?!(ipaddr\\.js|yaml|zod)$)[^.]',
          message: 'core is pure: plain data in, plain data out, no I/O and no Pulumi types.',
        },
      ],
    ),
  },
  ...['effects/*.ts', 'effects/*/*.ts', 'effects/*/*/*.ts'].map((files, depth) => ({
    files: [files],
    rules: forbid(
      `^(\\.\\./){${depth + 1}}(components|provider|lab|demo|scenarios|bench|test)(/|$)`,
      'effects may import core only.',
      [{ regex: '^(@pulumi/|@grpc/)', message: 'Only provider and components know Pulumi.' }],
    ),
  })),
  {
    files: ['provider/**/*.ts'],
    rules: forbid(
      '^(\\.\\./)+(components|lab|demo|scenarios|bench|test)(/|$)',
      'provider may import core and effects only.',
    ),
  },
  {
    files: ['components/**/*.ts'],
    rules: forbid(
      '^(\\.\\./)+(effects|lab|demo|scenarios|bench|test|provider/(?!types(/|$)))',
      'components may import provider/types and the pure types of core only.',
    ),
  },
  {
    files: ['demo/**/*.ts', 'lab/**/*.ts'],
    rules: forbid(
      '^(\\.\\./)+(scenarios|bench|test)(/|$)',
      'demo and lab know nothing of scenarios and tests.',
    ),
  },
  {
    files: ['scenarios/**/*.ts'],
    rules: forbid(
      '^(\\.\\./)+(components|provider|bench|test)(/|$)',
      'scenarios look at the cluster from outside: by demo, lab, effects and core.',
    ),
  },
  {
    files: ['test/**/*.ts'],
    rules: {
      // Fakes keep the promises of the interfaces that they stand in for.
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-non-null-assertion': 'off',
    },
  },
  {
    files: ['**/*.mjs'],
    languageOptions: { ecmaVersion: 2023, sourceType: 'module' },
    rules: { eqeqeq: 'error', 'no-undef': 'off', 'no-unused-vars': 'error' },
  },
);
