import type { NextConfig } from 'next';

const config: NextConfig = {
  // several checkouts or test runs side by side
  distDir: process.env.NEXT_DIST_DIR ?? '.next',
  reactStrictMode: true,
  poweredByHeader: false,
  // `npm run check` and CI check the types of everything; whoever starts the program need not wait for it
  typescript: { ignoreBuildErrors: true },
  serverExternalPackages: ['better-sqlite3', '@node-rs/argon2', 'pino'],
};

export default config;
