/** Import arrows of ARCHITECTURE.md, checked transitively. Each message says where the code belongs instead. */
module.exports = {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'Split the file that both need.',
      from: {},
      to: { circular: true, viaOnly: { pathNot: '^node_modules' } },
    },
    {
      name: 'app-imports-only-schemas',
      severity: 'error',
      comment:
        'Pages talk to the server through tRPC; as a value they may import server/**/schemas.ts, trainer/config, trainer/events and lib. Route handlers and server components have their own list.',
      from: {
        path: '^app/',
        pathNot: [
          '^app/api/',
          '^app/_trpc/server\\.tsx?$',
          '\\.server\\.tsx?$',
          '^app/.*/(page|layout)\\.tsx$',
          '^app/\\(auth\\)/.*actions?\\.ts$',
        ],
      },
      to: {
        path: '^(server|db|trainer|scripts)/',
        pathNot: ['/schemas\\.ts$', '^trainer/config/', '^trainer/events\\.ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'no-trainer-runtime-in-pages',
      severity: 'error',
      comment:
        'TensorFlow never reaches a page or its server process: training belongs into server/worker/handlers, run by the worker.',
      from: { path: '^app/' },
      to: { path: '^node_modules/@tensorflow/', reachable: true },
    },
    {
      name: 'server-runtime-of-trainer-only-in-handlers',
      severity: 'error',
      comment:
        'Only job handlers and the worker run the trainer; others may read trainer/config and trainer/events.',
      from: {
        path: '^server/',
        pathNot: ['^server/worker/handlers/', '^server/worker/worker\\.ts$', '\\.test\\.ts$'],
      },
      to: {
        path: '^trainer/',
        pathNot: ['^trainer/config/', '^trainer/events\\.ts$'],
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'server-knows-no-pages',
      severity: 'error',
      comment: 'What both need belongs into server/**/schemas.ts or lib.',
      from: { path: '^(server|db|trainer|lib|scripts)/' },
      to: { path: '^(app|tests)/', pathNot: '^tests/support/' },
    },
    {
      name: 'db-is-storage-only',
      severity: 'error',
      comment: 'Meaning belongs into server/.',
      from: { path: '^db/' },
      to: { path: '^(server|trainer|app)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'trainer-stands-alone',
      severity: 'error',
      comment: 'The trainer could be published as a package: pass it what it needs.',
      from: { path: '^trainer/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(server|db|app|scripts|tests)/' },
    },
    {
      name: 'trainer-knows-no-web',
      severity: 'error',
      comment: 'See above.',
      from: { path: '^trainer/' },
      to: { path: '^node_modules/(next|react|drizzle-orm|better-sqlite3|@trpc)' },
    },
    {
      name: 'backends-know-ops-and-tensors-only',
      severity: 'error',
      comment:
        'A backend runs ops and compiled steps, whatever they compute: a kernel name belongs into the file of its op in trainer/ops, a formula into trainer/math.',
      from: { path: '^trainer/backends/', pathNot: '\\.test\\.ts$|^trainer/backends/simd/assembly' },
      to: { path: '^trainer/', pathNot: '^trainer/(backends|ops|tensors)/' },
    },
    {
      name: 'ops-know-no-backend',
      severity: 'error',
      comment:
        'An op names its kernel and registers the reference; what a backend does about it belongs into trainer/backends, what both need into trainer/tensors.',
      from: { path: '^trainer/(ops|tensors)/', pathNot: '\\.test\\.ts$' },
      to: { path: '^trainer/', pathNot: '^trainer/(ops|tensors)/' },
    },
    {
      name: 'tensors-know-no-op',
      severity: 'error',
      comment: 'What an op needs of the runtime belongs here, the op itself into trainer/ops.',
      from: { path: '^trainer/tensors/', pathNot: '\\.test\\.ts$' },
      to: { path: '^trainer/', pathNot: '^trainer/tensors/' },
    },
    {
      name: 'config-has-no-tensorflow',
      severity: 'error',
      comment: 'Pages import trainer/config: keep it free of the runtime.',
      from: { path: '^trainer/(config|events)' },
      to: { path: '^node_modules/@tensorflow/', reachable: true },
    },
    {
      name: 'tensorflow-through-one-file',
      severity: 'error',
      comment: 'Import tf from trainer/tensors/tf.ts.',
      from: { path: '^(trainer|server|scripts)/', pathNot: '^trainer/(tensors/tf\\.ts|backends/)' },
      to: { path: '^node_modules/@tensorflow/' },
    },
    {
      name: 'sql-in-verbs-only',
      severity: 'error',
      comment: 'Pages and tRPC plumbing do not write SQL.',
      from: { path: '^app/' },
      to: { path: '^node_modules/(drizzle-orm|better-sqlite3)' },
    },
    {
      name: 'lib-is-a-leaf',
      severity: 'error',
      comment: 'lib holds isomorphic helpers without dependencies on the house.',
      from: { path: '^lib/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(app|server|db|trainer|scripts|tests)/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      severity: 'error',
      comment: 'A path is wrong or a package is missing from package.json.',
      from: {},
      to: { couldNotResolve: true, pathNot: ['^bun:', '\\.css$'] },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['\\.next', 'trainer/backends/simd/assembly'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
