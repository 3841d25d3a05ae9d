/// What the processes of one job can do for each other: `mpirun -n 2 bin/irpo bench collectives`.
///
/// The rate of a collective is the bytes of one rank's segment by the time that the slowest rank
/// takes. Results are checked before anything is timed.
package dev.irpo.benchmarks.processes;
