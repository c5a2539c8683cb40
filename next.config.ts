import type { NextConfig } from 'next';

const config: NextConfig = {
  // several checkouts or test runs side by side
  distDir: process.env.NEXT_DIST_DIR ?? '.next',
  reactStrictMode: true,
  poweredByHeader: false,
  serverExternalPackages: ['better-sqlite3', '@node-rs/argon2', 'pino'],
};

export default config;
