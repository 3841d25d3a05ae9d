/// What measurements run in: a described machine, JVMs with the program's flags.
package dev.irpo.benchmarks.setup;
