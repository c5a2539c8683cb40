import { readFileSync } from 'node:fs';

/** Clock ticks since the start of the machine: of all cores, how many of them busy, and of one process busy. */
export type CpuTime = { total: number; busy: number; own: number };

/** What the kernel has counted so far (Linux). */
export function readCpuTime(pid: number): CpuTime {
  return parseCpuTime(readFileSync('/proc/stat', 'utf8'), readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

/** From the texts of /proc/stat and /proc/<pid>/stat (proc(5)). Time stolen by the hypervisor counts as busy. */
export function parseCpuTime(stat: string, processStat: string): CpuTime {
  // user nice system idle iowait irq softirq steal; guest time is in user already
  const ticks = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').slice(0, 8).map(Number);
  const total = ticks.reduce((sum, value) => sum + value, 0);
  const idle = (ticks[3] as number) + (ticks[4] as number);
  // the command's name may hold spaces and brackets: fields are counted from the last one, state being the third
  const fields = processStat.slice(processStat.lastIndexOf(')') + 2).split(' ');
  return { total, busy: total - idle, own: Number(fields[11]) + Number(fields[12]) };
}

/** Share of all cores' time that went to other processes between two readings. */
export function othersShare(before: CpuTime, after: CpuTime): number {
  const others = after.busy - before.busy - (after.own - before.own);
  return Math.max(0, others) / Math.max(1, after.total - before.total);
}
