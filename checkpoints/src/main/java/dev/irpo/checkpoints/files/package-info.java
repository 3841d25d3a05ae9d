/// Files and folders that appear whole or not at all, and how they are read.
///
/// [AtomicFiles] writes under a temporary name and renames. [UnfinishedFolder] writes folders that
/// take long, with a journal of the files that are whole, so that a conversion that was interrupted
/// resumes. [HashedFile] computes the SHA-256 of a file while it is written, [Manifest] keeps sizes
/// and checksums of a folder. [MappedFiles] maps files for reading, [JsonFiles] reads JSON
/// strictly.
package dev.irpo.checkpoints.files;
