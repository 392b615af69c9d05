module.exports = {
  testEnvironment: 'node',
  roots: ['<rootDir>/test'],
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  transform: { '\\.[mc]?ts$': '<rootDir>/test/support/esbuild-transform.cjs' },
  moduleNameMapper: {
    '^@manul/([^/]+)$': '<rootDir>/$1/index.ts',
    '^@manul/([^/]+)/([^/]+)$': '<rootDir>/$1/$2/index.ts',
  },
  reporters: ['default'],
};
