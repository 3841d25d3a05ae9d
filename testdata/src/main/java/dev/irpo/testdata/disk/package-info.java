/// A file system for tests that sees every change before it is made.
///
/// ```text
/// code under test ──▶ {@link dev.irpo.testdata.disk.WatchedDisk} ──▶ the default file system
///                        │ {@link dev.irpo.testdata.disk.Change}: create, write, force, rename …
///                        ▼
///                     {@link dev.irpo.testdata.disk.Watcher}: records it, or makes it fail
/// ```
///
/// A {@link dev.irpo.testdata.disk.Recording} of the changes is played into a {@link
/// dev.irpo.testdata.disk.DiskImage}, which knows after each of them what a killed process leaves,
/// and what is left when the machine loses its power and with it all that was not forced to the
/// disk. So code that knows nothing of it is stopped at each boundary of what it writes.
package dev.irpo.testdata.disk;
