/// What measurements run in: a described machine, JVMs with the program's flags.
///
/// A figure without its machine says nothing, so every result names processor, memory, JDK and
/// commit; each measurement gets a JVM of its own, started as `bin/irpo` starts one.
package dev.irpo.benchmarks.setup;
