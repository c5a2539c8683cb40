// Loaded before a child of the supervisor: when the supervisor itself is killed, the child ends as if it were asked to.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, 2000).unref();
